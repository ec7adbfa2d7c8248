#pragma once
// oneDNN's C objects with owners. The C interface compiles in a tenth of the C++ interface's time.

#include <ogm/core/error.hpp>
#include <ogm/core/memory.hpp>

#include <dnnl.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#if __has_include(<omp.h>)
#include <omp.h>
#else
extern "C" void omp_set_num_threads(int);
extern "C" int omp_get_max_threads(void);
#endif

static_assert(DNNL_VERSION_MAJOR == 2, "ogm: another oneDNN than version 2. Install libdnnl-dev of Debian 12, or build without oneDNN.");

namespace ogm::backend::dnnl {

/// A call of the library that must not fail.
inline void check(dnnl_status_t status, const char* call) {
  if (status != dnnl_success)
    throw error("ogm: oneDNN's " + std::string(call) + " failed with status " + std::to_string(int(status)) + ".");
}

/// Owns one object of the library.
template <class Pointer, dnnl_status_t (*Destroy)(Pointer)> struct release {
  void operator()(Pointer p) const { Destroy(p); }
};
template <class Pointer, dnnl_status_t (*Destroy)(Pointer)>
using owner = std::unique_ptr<std::remove_pointer_t<Pointer>, release<Pointer, Destroy>>;
using engine = owner<dnnl_engine_t, dnnl_engine_destroy>;
using stream = owner<dnnl_stream_t, dnnl_stream_destroy>;
using attributes = owner<dnnl_primitive_attr_t, dnnl_primitive_attr_destroy>;
using post_operations = owner<dnnl_post_ops_t, dnnl_post_ops_destroy>;
using description = owner<dnnl_primitive_desc_t, dnnl_primitive_desc_destroy>;
using primitive = owner<dnnl_primitive_t, dnnl_primitive_destroy>;
using memory_object = owner<dnnl_memory_t, dnnl_memory_destroy>;

/// While it lives, the library works in the calling thread alone: its own division of the work would change the bits.
class one_thread {
 public:
  one_thread() : before_(omp_get_max_threads()) { omp_set_num_threads(1); }
  one_thread(const one_thread&) = delete;
  one_thread& operator=(const one_thread&) = delete;
  ~one_thread() { omp_set_num_threads(before_); }

 private:
  int before_;
};

inline engine make_engine() {
  dnnl_engine_t e = nullptr;
  check(dnnl_engine_create(&e, dnnl_cpu, 0), "engine_create");
  return engine(e);
}
inline stream make_stream(const engine& e) {
  dnnl_stream_t s = nullptr;
  check(dnnl_stream_create(&s, e.get(), dnnl_stream_default_flags), "stream_create");
  return stream(s);
}
/// The caller gives the scratchpad; `add`: what the destination holds is added to.
inline attributes make_attributes(bool add = false) {
  dnnl_primitive_attr_t raw = nullptr;
  check(dnnl_primitive_attr_create(&raw), "primitive_attr_create");
  attributes a(raw);
  check(dnnl_primitive_attr_set_scratchpad_mode(raw, dnnl_scratchpad_mode_user), "primitive_attr_set_scratchpad_mode");
  if (add) {
    dnnl_post_ops_t p = nullptr;
    check(dnnl_post_ops_create(&p), "post_ops_create");
    const post_operations owned(p);
    check(dnnl_post_ops_append_sum(p, 1.f), "post_ops_append_sum");
    check(dnnl_primitive_attr_set_post_ops(raw, p), "primitive_attr_set_post_ops");
  }
  return a;
}
/// A description of memory that points nowhere yet.
inline memory_object make_memory(const engine& e, const dnnl_memory_desc_t& d) {
  dnnl_memory_t m = nullptr;
  check(dnnl_memory_create(&m, &d, e.get(), DNNL_MEMORY_NONE), "memory_create");
  return memory_object(m);
}
inline primitive make_primitive(const description& d) {
  dnnl_primitive_t p = nullptr;
  check(dnnl_primitive_create(&p, d.get()), "primitive_create");
  return primitive(p);
}
inline const dnnl_memory_desc_t& memory_of(const description& d, dnnl_query_t what) {
  return *dnnl_primitive_desc_query_md(d.get(), what, 0);
}
inline std::size_t size_of(const dnnl_memory_desc_t& d) {
  return (dnnl_memory_desc_get_size(&d) + memory::alignment - 1) / memory::alignment * memory::alignment;
}
inline bool same(const dnnl_memory_desc_t& a, const dnnl_memory_desc_t& b) { return dnnl_memory_desc_equal(&a, &b) != 0; }

}  // namespace ogm::backend::dnnl
