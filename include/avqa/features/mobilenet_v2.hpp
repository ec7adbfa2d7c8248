#pragma once
// MobileNet-v2: 96 numbers for each of 14 x 14 places of a picture, or 1280 for the whole picture.

#include <avqa/features/network_weights.hpp>
#include <avqa/features/op/each_in_area.hpp>
#include <avqa/features/op/separable_block.hpp>

#include <ogm/core/error.hpp>
#include <ogm/core/tensor.hpp>
#include <ogm/data/bytes.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace avqa {

namespace detail {

/// The limits of each operation of a network's table ops.tsv, whose lines are checked against the network that is expected.
class operation_table {
 public:
  explicit operation_table(const std::string& file) : file_(file), text_(ogm::data::as_text(ogm::data::read_bytes(file))) {
    for (std::size_t at = 0; at < text_.size();) {
      const std::size_t end = std::min(text_.find('\n', at), text_.size());
      lines_.push_back(std::string_view(text_).substr(at, end - at));
      at = end + 1;
    }
    if (lines_.empty() || !lines_[0].starts_with("op\ttype\tinputs\tstride\tpad_same\tweights\tshape\tclamp_lo\tclamp_hi"))
      network_weights::damaged(file_, "the first line is not op, type, inputs, stride, pad_same, weights, shape, clamp_lo, clamp_hi");
  }
  operation_table(const operation_table&) = delete;
  operation_table& operator=(const operation_table&) = delete;

  /// The limits of operation `number`, which must be of the type, with the stride, and give the shape.
  op::limits operator()(int number, std::string_view type, long stride, const std::vector<ogm::size_type>& shape) const {
    const std::size_t line = std::size_t(number) + 1;
    if (line >= lines_.size())
      network_weights::damaged(file_, "it ends before operation " + std::to_string(number) + ", " + std::string(type) + " expected");
    std::array<std::string_view, 9> fields;
    std::size_t at = 0;
    for (std::string_view& field : fields) {
      const std::size_t end = std::min(lines_[line].find('\t', at), lines_[line].size());
      field = at > lines_[line].size() ? std::string_view{} : lines_[line].substr(at, end - at);
      at = end + 1;
    }
    std::string sizes;
    for (const ogm::size_type size : shape) {
      if (!sizes.empty()) sizes += 'x';
      sizes += std::to_string(size);
    }
    const std::string expected[]{std::to_string(number), std::string(type), std::to_string(stride), sizes};
    const std::string_view found[]{fields[0], fields[1], fields[3], fields[6]};
    for (int i = 0; i < 4; ++i)
      if (found[i] != expected[i])
        fail(line, "'" + std::string(found[i].substr(0, 40)) + "'; '" + expected[i] + "' expected (operation, type, stride and shape " +
                       expected[0] + ", " + expected[1] + ", " + expected[2] + ", " + expected[3] + ")");
    const op::limits out{number_in(fields[7], line), number_in(fields[8], line)};
    if (!(out.low < out.high)) fail(line, "a lower limit that is not below the upper one");
    return out;
  }

 private:
  float number_in(std::string_view field, std::size_t line) const {
    double value = 0;
    const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), value);
    if (error != std::errc() || end != field.data() + field.size())
      fail(line, "'" + std::string(field.substr(0, 40)) + "'; a number expected");
    return float(value);
  }
  [[noreturn]] void fail(std::size_t line, const std::string& what) const {
    network_weights::damaged(file_ + ':' + std::to_string(line + 1), what);
  }

  std::string file_, text_;
  std::vector<std::string_view> lines_;
};

}  // namespace detail

/// MobileNet-v2 of width 1.0 for pictures of 224 x 224, its upper layers and its classifier perhaps left out.
///
/// Shapes     pictures (time, 224, 224, 3), bytes, red first -> maps (time, 96, 14, 14), pooled (time, 1280)
/// Checkpoint a folder of opNN_w.npy (floats, or bytes with opNN_scale.npy), opNN_b.npy and ops.tsv, which has the limits that each result
///            was quantised with
/// Numerics   floats throughout, no rounding to bytes. The same bits on any number of threads, and whatever pictures come together
/// Errors     data_error where a file is not what is expected; shape_error for pictures of another size
/// Cost       2 flop a multiplication and addition: 410 MFLOP a picture up to the maps, 600 MFLOP up to `pooled`
/// Source     Sandler et al., CVPR 2018, Table 2. Differs: batch norms are in the weights; a stride of 2 has its padding after the
///            image alone
class mobilenet_v2 {
 public:
  static constexpr long side = 224, map_channels = 96, places = 14, width = 1280;
  using pictures = ogm::view<const std::uint8_t, ogm::dyn, ogm::dyn, ogm::dyn, 3>;
  using map_tensor = ogm::tensor<float, ogm::dyn, int(map_channels), int(places), int(places)>;
  using pooled_tensor = ogm::tensor<float, ogm::dyn, int(width)>;

  /// Both outputs of one pass.
  struct both {
    map_tensor maps;
    pooled_tensor pooled;
  };

  /// Reads the weights of a folder.
  explicit mobilenet_v2(const std::string& folder) {
    const network_weights weights(folder);
    const detail::operation_table table(weights.path("ops.tsv"));
    stem_ = product_of(weights, "op01", {32, 3, 3, 3});
    stem_limit_ = table(1, "conv", 2, {1, 112, 112, 32});
    int at = 2;  // the operation that is read
    long channels = 32, size = 112;
    for (const stage& s : stages)
      for (int i = 0; i < s.repeat; ++i) {
        const long stride = i == 0 ? s.stride : 1;
        blocks_.push_back(read_block(weights, table, at, {channels, s.channels, size, stride, s.expansion}));
        size /= stride;
        channels = s.channels;
      }
    top_ = product_of(weights, name_of(at), {width, 1, 1, channels});
    top_limit_ = table(at, "conv", 1, {1, size, size, width});
  }

  /// What is seen at 14 x 14 places; the layers above are not computed.
  map_tensor maps(const pictures& of) const {
    map_tensor out(of.size(0));
    run(of, out.data(), nullptr);
    return out;
  }
  /// The mean over the last maps.
  pooled_tensor pooled(const pictures& of) const {
    pooled_tensor out(of.size(0));
    run(of, nullptr, out.data());
    return out;
  }
  both maps_and_pooled(const pictures& of) const {
    both out{map_tensor(of.size(0)), pooled_tensor(of.size(0))};
    run(of, out.maps.data(), out.pooled.data());
    return out;
  }

  /// f(rows, inner, columns) for each product of a picture, up to the maps or up to `pooled`.
  template <class F> void each_product(bool up_to_maps, const F& f) const {
    f(112 * 112, stem_.inner(), stem_.columns());
    for (std::size_t i = 0; i < (up_to_maps ? map_blocks : blocks_.size()); ++i) {
      const block& b = blocks_[i];
      const op::depthwise_shape& s = b.rest.shape;
      if (b.expanded) f(s.height * s.width, b.expand.inner(), b.expand.columns());
      f(s.out_height() * s.out_width(), b.rest.product.inner(), b.rest.product.columns());
    }
    if (!up_to_maps) f(49, top_.inner(), top_.columns());
  }
  /// Floating-point operations of a picture, two for a multiplication and addition.
  double flop(bool up_to_maps) const {
    double sum = 0;
    each_product(up_to_maps, [&](long rows, long inner, long columns) { sum += 2.0 * double(rows) * double(inner) * double(columns); });
    for (std::size_t i = 0; i < (up_to_maps ? map_blocks : blocks_.size()); ++i) sum += blocks_[i].rest.filter_flop();
    return sum;
  }

 private:
  struct stage {
    long expansion, channels;
    int repeat;
    long stride;
  };
  static constexpr stage stages[]{{1, 16, 1, 1}, {6, 24, 2, 2},  {6, 32, 3, 2}, {6, 64, 4, 2},
                                  {6, 96, 3, 1}, {6, 160, 3, 2}, {6, 320, 1, 1}};
  static constexpr std::size_t map_blocks = 13;  // up to the last with 96 channels
  static constexpr long padded = side + 1;       // a column and a row of zeros follow the picture

  struct block {
    bool expanded = false, residual = false;
    op::packed_product expand;
    op::limits expand_limit{}, project_limit{}, total_limit{};
    op::separable_block rest;
  };
  struct sizes {
    long in, out, size, stride, expansion;
  };
  struct memory {
    op::block_scratch scratch;
    ogm::backend::workspace picture, first, second;
  };

  static std::string name_of(int operation) { return std::string("op").append(network_weights::two_digits(operation)); }
  static op::packed_product product_of(const network_weights& weights, const std::string& name, const network_weights::shape_type& shape) {
    return {weights.scaled(name + "_w", name + "_scale", shape, 0), weights.floats(name + "_b", {shape[0]})};
  }

  /// The operations of a block, in the order of the table; where they are padded, the padding is one too.
  static block read_block(const network_weights& weights, const detail::operation_table& table, int& at, const sizes& of) {
    block out;
    const long wide = of.in * of.expansion, after = of.size / of.stride;
    out.expanded = of.expansion > 1;
    if (out.expanded) {
      out.expand = product_of(weights, name_of(at), {wide, 1, 1, of.in});
      out.expand_limit = table(at++, "conv", 1, {1, of.size, of.size, wide});
    }
    if (of.stride == 2) table(at++, "pad", 1, {1, of.size + 1, of.size + 1, wide});
    const std::string name = name_of(at);
    out.rest.shape = {.height = of.size, .width = of.size, .channels = wide, .stride = of.stride, .pad_before = of.stride == 1 ? 1 : 0};
    out.rest.weight = weights.scaled(name + "_w", name + "_scale", {1, 3, 3, wide}, 3);
    out.rest.bias = weights.floats(name + "_b", {wide});
    out.rest.limit = table(at++, "dw", of.stride, {1, after, after, wide});
    out.rest.product = product_of(weights, name_of(at), {of.out, 1, 1, wide});
    out.project_limit = table(at++, "conv", 1, {1, after, after, of.out});
    out.residual = of.stride == 1 && of.in == of.out;
    if (out.residual) out.total_limit = table(at++, "add", 1, {1, after, after, of.out});
    return out;
  }

  /// Either output may be null.
  void run(const pictures& of, float* maps, float* pooled) const {
    if (of.size(0) > 0 && (of.size(1) != side || of.size(2) != side))
      throw ogm::shape_error("avqa: mobilenet_v2 was given pictures of shape " + of.shape().text() + "; (time, 224, 224, 3) is needed.");
    op::each_in_area<memory>(long(of.size(0)), [&](long i, memory& mine) {
      one(of.data() + i * side * side * 3, maps ? maps + i * map_channels * places * places : nullptr,
          pooled ? pooled + i * width : nullptr, mine);
    });
  }

  void one(const std::uint8_t* picture, float* map, float* pooled, memory& m) const {
    float* const image = m.picture.take<float>(padded * padded * 3);  // (row, column, channel)
    prepare(picture, image);
    constexpr long most = 56 * 56 * 24;  // of what stands between two blocks, but for the first
    float* x = m.first.take<float>(std::max(most, 112L * 112 * 16));
    float* y = m.second.take<float>(most);
    const auto stem = [&](long first, long last, float* to) {  // rows of 112 x 112 x 32
      const auto window = [&](long i) { return image + ((first + i / 112) * 2 * padded + i % 112 * 2) * 3; };
      stem_.run((last - first) * 112, {9, 3, padded * 3}, window, {stem_limit_}, to);
    };
    blocks_[0].rest.run_made(stem, {blocks_[0].project_limit}, x, m.scratch);
    for (std::size_t i = 1; i < blocks_.size(); ++i) {
      const block& b = blocks_[i];
      const long in = b.rest.shape.width * b.expand.inner();
      const auto expand = [&](long first, long last, float* to) {
        b.expand.run((last - first) * b.rest.shape.width, x + first * in, {b.expand_limit}, to);
      };
      b.rest.run_made(expand, {b.project_limit, b.residual ? x : nullptr, b.total_limit}, y, m.scratch);
      std::swap(x, y);
      if (i + 1 == map_blocks) {
        if (map)
          for (long p = 0; p < places * places; ++p)
            for (long c = 0; c < map_channels; ++c) map[c * places * places + p] = x[p * map_channels + c];  // (channel, place)
        if (!pooled) return;
      }
    }
    top_.run(49, x, {top_limit_}, y);
    op::mean_of_rows(49, width, y, pooled);
  }

  /// Bytes divided by 255.
  static void prepare(const std::uint8_t* picture, float* image) {
    std::array<float, 256> value;
    for (std::size_t v = 0; v < 256; ++v) value[v] = float(v) / 255.f;
    for (long r = 0; r < side; ++r) {
      for (long k = 0; k < side * 3; ++k) image[r * padded * 3 + k] = value[picture[r * side * 3 + k]];
      std::fill_n(image + (r * padded + side) * 3, 3, 0.f);
    }
    std::fill_n(image + side * padded * 3, padded * 3, 0.f);
  }

  op::packed_product stem_, top_;
  op::limits stem_limit_{}, top_limit_{};
  std::vector<block> blocks_;
};

}  // namespace avqa
