#pragma once
// Libraries of the device on the CPU: what the stand-ins for cuBLASLt and cuDNN share, and what tests ask them.

#include <cuda_model.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

namespace ogm::test::stand_in {

/// What was refused since this was last asked, a sentence each.
std::vector<std::string> take_refusals();
/// Calls of a function so far, those that failed too.
std::size_t calls(const std::string& function);
/// The next call of the function does nothing and answers with this status.
void fail_next(const std::string& function, int status);
/// Objects that were created and not destroyed.
std::size_t living_objects();
/// The stream of the last call that worked on one.
cudaStream_t last_stream();

// What follows is for the stand-ins themselves.

/// Why a call is refused.
struct refusal {
  int status;
  std::string sentence;
};
inline void require(bool holds, int status, const std::string& otherwise) {
  if (!holds) throw refusal{status, otherwise};
}

/// What is to be answered before anything is done: counts the call.
int begin(const char* function);
void record(const char* function, const std::string& sentence);
void count_object(int change);

/// A call: its body runs and may throw a refusal.
template <class Status, class Body> Status answer(const char* function, const Body& body) {
  if (const int injected = begin(function)) return Status(injected);
  try {
    body();
  } catch (const refusal& r) {
    record(function, r.sentence);
    return Status(r.status);
  }
  return Status{};
}

/// Objects of one kind, by the pointer that the library's caller has.
template <class Pointer, class Object> class registry {
 public:
  registry(const char* kind, int status) : kind_(kind), status_(status) {}

  template <class... Arguments> void create(Pointer* made, const Arguments&... arguments) {
    require(made != nullptr, status_, "there is no place to write the new " + kind_ + " to");
    auto object = std::make_unique<Object>(Object{arguments...});
    *made = reinterpret_cast<Pointer>(object.get());
    objects_[*made] = std::move(object);
    count_object(1);
  }
  void destroy(Pointer p) {
    const auto place = objects_.find(p);
    require(place != objects_.end(), status_, "it is not a living " + kind_);
    dead_.push_back(std::move(place->second));
    objects_.erase(place);
    count_object(-1);
  }
  Object& of(Pointer p, const std::string& name) const {
    const auto place = objects_.find(p);
    require(place != objects_.end(), status_, name + " is not a living " + kind_);
    return *place->second;
  }

 private:
  std::string kind_;
  int status_;
  std::map<Pointer, std::unique_ptr<Object>> objects_;
  std::vector<std::unique_ptr<Object>> dead_;  // kept, so that no other object is given the address
};

/// A number that only what was put into it gives.
class fingerprint {
 public:
  fingerprint& operator<<(std::int64_t value) {
    for (int i = 0; i < 8; ++i) bits_ = (bits_ ^ (std::uint64_t(value) >> 8 * i & 255)) * 0x100000001b3u;  // FNV-1a
    return *this;
  }
  std::uint64_t value() const { return bits_; }

 private:
  std::uint64_t bits_ = 0xcbf29ce484222325u;
};

/// The scalars of a call: on the host, where the library reads them at once.
float scalar(const char* name, const void* p, int status);
/// `bytes` from `p` on are in one allocation, and `p` is a multiple of `alignment`.
void require_memory(const std::string& name, const void* p, std::size_t bytes, std::size_t alignment, int status);
/// The call's workspace: large enough, and all that it is said to have in one allocation, from a multiple of `alignment` on.
void require_workspace(const void* p, std::size_t bytes, std::size_t needed, std::size_t alignment, int status);
/// What it held is lost.
void use_workspace(void* p, std::size_t bytes);
void require_stream(cudaStream_t, int status);

/// The places that a call writes: no two results at one, and none that it reads otherwise.
class written {
 public:
  explicit written(int status) : status_(status) {}
  void add(const void* p) { require(places_.insert(p).second, status_, "two elements of the result lie at one place"); }
  void read(const char* name, const void* p) const {
    require(!places_.contains(p), status_, std::string("the result is written where ") + name + " is read");
  }

 private:
  int status_;
  std::unordered_set<const void*> places_;
};

/// Bytes of memory.
struct extent {
  const void* low;
  std::size_t bytes;
  bool meets(const extent& other) const {
    const auto *const a = static_cast<const char*>(low), *const b = static_cast<const char*>(other.low);
    return a < b + other.bytes && b < a + bytes;
  }
};

/// To 10 bits of fraction: to nearest, ties away from zero.
float to_tf32(float);

}  // namespace ogm::test::stand_in
