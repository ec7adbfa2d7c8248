#pragma once
// Memory of one step: taken piece by piece, given back all at once.

#include <ogm/core/memory.hpp>

#include <algorithm>
#include <vector>

namespace ogm {

/// Bump allocation in blocks that are kept: the second step of a batch size allocates nothing.
template <memory::space Space> class arena {
 public:
  arena() = default;
  arena(const arena&) = delete;
  arena& operator=(const arena&) = delete;
  ~arena() {
    for (auto& b : blocks_) Space::release(b.memory, b.size);
  }

  void* take(std::size_t bytes, std::size_t align) {
    for (;; ++block_, used_ = 0) {
      if (block_ == blocks_.size()) {
        const std::size_t size = std::max(bytes + memory::alignment, smallest_block);
        blocks_.reserve(blocks_.size() + 1);
        blocks_.push_back({Space::allocate(size), size});
      }
      const std::size_t at = (used_ + align - 1) / align * align;
      if (at + bytes <= blocks_[block_].size) {
        used_ = at + bytes;
        return static_cast<std::byte*>(blocks_[block_].memory) + at;
      }
    }
  }
  void rewind() { block_ = 0, used_ = 0; }
  /// Bytes held, used or not.
  std::size_t capacity() const {
    std::size_t n = 0;
    for (const auto& b : blocks_) n += b.size;
    return n;
  }

 private:
  static constexpr std::size_t smallest_block = std::size_t(2) << 20;
  struct block {
    void* memory;
    std::size_t size;
  };
  std::vector<block> blocks_;
  std::size_t block_ = 0, used_ = 0;
};

}  // namespace ogm
