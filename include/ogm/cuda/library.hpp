#pragma once
// What the objects that call NVIDIA's libraries share: memory that a library works in, owners, plans by shape, calls in turn.

#include <ogm/cuda/status.hpp>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <string>
#include <utility>

namespace ogm::cuda {

/// What a library may do to floats before it multiplies them.
enum class arithmetic {
  float32,  // nothing
  tf32,     // round them to 10 bits of fraction, for the tensor cores; sums stay float32
};

/// Memory on the device that a library works in, from a multiple of 256 bytes on. Its owner sees to it that one stream uses it at a time.
struct library_workspace {
  void* data = nullptr;
  std::size_t bytes = 0;
};

/// An object of a library, destroyed with its owner.
template <class Pointer, auto Destroy> class library_object {
 public:
  library_object() = default;
  library_object(library_object&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  library_object& operator=(library_object&& other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }
  ~library_object() {
    if (object_) static_cast<void>(Destroy(object_));
  }

  Pointer get() const { return object_; }
  /// Where the library writes what it creates; once.
  Pointer* created() { return &object_; }

 private:
  Pointer object_ = nullptr;
};

/// Calls of a library in turn, up to the first that fails: what follows it is not called.
template <class Status, const char* (*Name)(Status)> class library_calls {
 public:
  template <class... Parameters, class... Arguments>
  bool operator()(const char* name, Status (*function)(Parameters...), Arguments... arguments) {
    if (!ok()) return false;
    result_ = function(arguments...);
    name_ = name;
    return ok();
  }
  bool ok() const { return result_ == Status{}; }
  status result(const std::string& who) const {
    return ok() ? status() : status(cudaErrorUnknown, "ogm: " + who + ": " + name_ + " failed: " + Name(result_) + ".");
  }

 private:
  Status result_{};
  const char* name_ = "";
};

/// Plans of shapes that were met. It begins anew when there are too many: shapes that never come again must not pile up.
template <class Key, class Plan> class library_plans {
 public:
  static constexpr std::size_t most = 512;

  const Plan* find(const Key& key) const {
    const auto place = plans_.find(key);
    return place == plans_.end() ? nullptr : &place->second;
  }
  const Plan& keep(const Key& key, Plan plan) {
    if (plans_.size() == most) plans_.clear();
    return plans_.insert_or_assign(key, std::move(plan)).first->second;
  }

 private:
  std::map<Key, Plan> plans_;
};

/// What a library's object cannot be made with.
inline status check_library_workspace(const char* who, const library_workspace& w) {
  const auto beside = reinterpret_cast<std::uintptr_t>(w.data) % 256;
  if (beside != 0) return wrong_argument(who, "a workspace whose address modulo 256", beside, "0");
  if (!w.data && w.bytes > 0) return wrong_argument(who, "no workspace, with bytes", w.bytes, "0");
  return {};
}

/// Whether there is an array for every name; `who` says who would be given none.
template <class Who> status check_given(const Who& who, std::initializer_list<std::pair<const char*, const float*>> arrays) {
  for (const auto& [name, array] : arrays)
    if (!array) return status("ogm: " + who() + " was given no " + name + ".");
  return {};
}

}  // namespace ogm::cuda
