#pragma once
// One of oneDNN's backward convolution primitives for a fixed number of images, with the reorders between row-major tensors and the layout
// it likes.

#include <ogm/backend/onednn_handles.hpp>
#include <ogm/backend/op/convolution.hpp>

namespace ogm::backend::dnnl {

enum class direction { backward_input, backward_weight };

/// Made once for a shape and kept. run() may be called by several threads at once, each with a slot of its own.
///
/// Shapes     for the input's gradient  first: dy, second: the weight, result: dx
///            for the weight's          first: x, second: dy, result: dweight, and bias (out_channels) is written
class convolution {
 public:
  static constexpr int slots = 4;

  struct arguments {
    const float* first;
    const float* second;
    float* bias;
    float* result;
    bool add;  // to result
  };

  /// valid() is false afterwards where the library has no implementation.
  convolution(const engine& e, direction what, const op::convolution_shape& shape, bool biased)
      : what_(what), shape_(shape), biased_(biased) {
    const one_thread alone;
    dnnl_primitive_desc_t raw = describe(e);
    if (!raw) return;
    const description d(raw);
    primitive_ = make_primitive(d);
    const bool weight = what == direction::backward_weight;
    ports_[0] = {weight ? DNNL_ARG_SRC : DNNL_ARG_DIFF_DST, plain(weight ? role::in : role::out),
                 memory_of(d, weight ? dnnl_query_src_md : dnnl_query_diff_dst_md)};
    ports_[1] = {weight ? DNNL_ARG_DIFF_DST : DNNL_ARG_WEIGHTS, plain(weight ? role::out : role::weight),
                 memory_of(d, weight ? dnnl_query_diff_dst_md : dnnl_query_weights_md)};
    ports_[2] = {weight ? DNNL_ARG_DIFF_WEIGHTS : DNNL_ARG_DIFF_SRC, plain(weight ? role::weight : role::in),
                 memory_of(d, weight ? dnnl_query_diff_weights_md : dnnl_query_diff_src_md)};
    for (int i = 0; i < 3; ++i)
      if (i == 2)
        make_reorders(e, ports_[i].used, ports_[i].plain, ports_[i].reorder, &reorder_and_add_);
      else
        make_reorders(e, ports_[i].plain, ports_[i].used, ports_[i].reorder, nullptr);
    const dnnl_memory_desc_t& scratch = memory_of(d, dnnl_query_scratchpad_md);
    scratch_bytes_ = std::max(scratch_bytes_, size_of(scratch));
    const bool blocked_second = !same(ports_[1].plain, ports_[1].used);
    shared_bytes_ = !weight && blocked_second ? size_of(ports_[1].used) : 0;
    own_bytes_[0] = same(ports_[0].plain, ports_[0].used) ? 0 : size_of(ports_[0].used);
    own_bytes_[1] = weight && blocked_second ? size_of(ports_[1].used) : 0;
    own_bytes_[2] = size_of(ports_[2].used);
    const dnnl_dim_t channels[]{shape.out_channels};
    dnnl_memory_desc_t bias;
    check(dnnl_memory_desc_init_by_tag(&bias, 1, channels, dnnl_f32, dnnl_a), "memory_desc_init_by_tag");
    for (slot& s : slots_) {
      s.work = make_stream(e);
      for (int i = 0; i < 3; ++i) {
        s.plain[i] = make_memory(e, ports_[i].plain);
        s.used[i] = make_memory(e, ports_[i].used);
      }
      s.bias = make_memory(e, bias);
      s.scratch = make_memory(e, scratch);
    }
  }

  bool valid() const { return primitive_ != nullptr; }
  bool is(direction what, const op::convolution_shape& shape, bool biased) const {
    return what == what_ && biased == biased_ && shape == shape_;
  }
  std::size_t slot_bytes() const { return scratch_bytes_ + own_bytes_[0] + own_bytes_[1] + own_bytes_[2]; }
  std::size_t shared_bytes() const { return shared_bytes_; }

  /// The weight in the library's layout, for all slots. Call it before run() where the weight is an argument.
  const float* prepare(const float* weight, std::byte* shared, std::byte* scratch) {
    if (shared_bytes_ == 0) return weight;
    const one_thread alone;
    auto* const to = reinterpret_cast<float*>(shared);
    reorder(slots_[0], 1, const_cast<float*>(weight), to, ports_[1].reorder, scratch);
    return to;
  }

  /// One chunk of images in the calling thread; `second` is what prepare() returned where it is the weight.
  void run(int which, const arguments& a, std::byte* memory) {
    const one_thread alone;
    slot& s = slots_[std::size_t(which)];
    std::byte* const scratch = memory;
    std::byte* const own0 = memory + scratch_bytes_;
    std::byte* const own1 = own0 + own_bytes_[0];
    std::byte* const own2 = own1 + own_bytes_[1];
    float* const first = const_cast<float*>(a.first);
    float* const second = const_cast<float*>(a.second);
    float* const first_used = own_bytes_[0] ? reinterpret_cast<float*>(own0) : first;
    if (own_bytes_[0]) reorder(s, 0, first, first_used, ports_[0].reorder, scratch);
    float* const second_used = own_bytes_[1] ? reinterpret_cast<float*>(own1) : second;
    if (own_bytes_[1]) reorder(s, 1, second, second_used, ports_[1].reorder, scratch);
    const bool direct = !a.add && same(ports_[2].plain, ports_[2].used);
    float* const result = direct ? a.result : reinterpret_cast<float*>(own2);
    point(s.used[0], first_used);
    point(s.used[1], second_used);
    point(s.used[2], result);
    point(s.scratch, scratch);
    std::array<dnnl_exec_arg_t, 5> list{{{ports_[0].argument, s.used[0].get()},
                                         {ports_[1].argument, s.used[1].get()},
                                         {ports_[2].argument, s.used[2].get()},
                                         {DNNL_ARG_SCRATCHPAD, s.scratch.get()},
                                         {DNNL_ARG_DIFF_BIAS, s.bias.get()}}};
    if (biased_) point(s.bias, a.bias);
    check(dnnl_primitive_execute(primitive_.get(), s.work.get(), biased_ ? 5 : 4, list.data()), "primitive_execute");
    if (!direct) reorder(s, 2, a.result, result, a.add ? reorder_and_add_ : ports_[2].reorder, scratch);
  }

 private:
  enum class role { in, out, weight };
  struct port {
    int argument = 0;
    dnnl_memory_desc_t plain{}, used{};
    primitive reorder{};
  };
  struct slot {
    stream work;
    std::array<memory_object, 3> plain, used;
    memory_object bias, scratch;
  };

  dnnl_memory_desc_t with_layout(role r, bool any) const {
    const auto& s = shape_;
    const dnnl_dim_t in[]{s.batch, s.in_channels, s.in_height, s.in_width};
    const dnnl_dim_t out[]{s.batch, s.out_channels, s.out_height, s.out_width};
    const dnnl_dim_t one_group[]{s.out_channels, s.in_channels, s.kernel_height, s.kernel_width};
    const dnnl_dim_t grouped[]{s.groups, s.out_channels / s.groups, s.in_channels / s.groups, s.kernel_height, s.kernel_width};
    const bool weight = r == role::weight, groups = weight && s.groups > 1;
    const dnnl_format_tag_t tag = any ? dnnl_format_tag_any : groups ? dnnl_goihw : weight ? dnnl_oihw : dnnl_nchw;
    dnnl_memory_desc_t d;
    check(dnnl_memory_desc_init_by_tag(&d, groups ? 5 : 4,
                                       groups          ? grouped
                                       : weight        ? one_group
                                       : r == role::in ? in
                                                       : out,
                                       dnnl_f32, tag),
          "memory_desc_init_by_tag");
    return d;
  }
  dnnl_memory_desc_t plain(role r) const { return with_layout(r, false); }

  /// Null where the library has no implementation.
  dnnl_primitive_desc_t describe(const engine& e) const {
    const auto& s = shape_;
    const dnnl_dim_t stride[]{s.stride_height, s.stride_width}, pad[]{s.pad_height, s.pad_width};
    const dnnl_dim_t dilation[]{s.dilation_height - 1, s.dilation_width - 1};
    const dnnl_dim_t pad_after[]{
        (s.out_height - 1) * s.stride_height + (s.kernel_height - 1) * s.dilation_height + 1 - s.in_height - s.pad_height,
        (s.out_width - 1) * s.stride_width + (s.kernel_width - 1) * s.dilation_width + 1 - s.in_width - s.pad_width};
    const dnnl_memory_desc_t in = with_layout(role::in, true), out = with_layout(role::out, true), weight = with_layout(role::weight, true);
    dnnl_memory_desc_t bias;
    const dnnl_dim_t channels[]{s.out_channels};
    check(dnnl_memory_desc_init_by_tag(&bias, 1, channels, dnnl_f32, dnnl_a), "memory_desc_init_by_tag");
    const dnnl_memory_desc_t* const b = biased_ ? &bias : nullptr;
    const attributes attribute = make_attributes();
    const auto made = [&](const dnnl_convolution_desc_t& c, dnnl_primitive_desc_t hint) {
      dnnl_primitive_desc_t d = nullptr;
      return dnnl_primitive_desc_create(&d, &c, attribute.get(), e.get(), hint) == dnnl_success ? d : nullptr;
    };
    dnnl_convolution_desc_t c;
    if (dnnl_dilated_convolution_forward_desc_init(&c, dnnl_forward_training, dnnl_convolution_direct, &in, &weight, nullptr, &out, stride,
                                                   dilation, pad, pad_after) != dnnl_success)
      return nullptr;
    const description forward(made(c, nullptr));  // the library chooses a backward primitive with its help
    if (!forward) return nullptr;
    const dnnl_status_t status = what_ == direction::backward_input
                                     ? dnnl_dilated_convolution_backward_data_desc_init(&c, dnnl_convolution_direct, &in, &weight, &out,
                                                                                        stride, dilation, pad, pad_after)
                                     : dnnl_dilated_convolution_backward_weights_desc_init(&c, dnnl_convolution_direct, &in, &weight, b,
                                                                                           &out, stride, dilation, pad, pad_after);
    return status == dnnl_success ? made(c, forward.get()) : nullptr;
  }

  void make_reorders(const engine& e, const dnnl_memory_desc_t& from, const dnnl_memory_desc_t& to, primitive& plain_copy,
                     primitive* adding) {
    const auto make = [&](bool add) {
      const attributes a = make_attributes(add);
      dnnl_primitive_desc_t raw = nullptr;
      check(dnnl_reorder_primitive_desc_create(&raw, &from, e.get(), &to, e.get(), a.get()), "reorder_primitive_desc_create");
      const description d(raw);
      scratch_bytes_ = std::max(scratch_bytes_, size_of(memory_of(d, dnnl_query_scratchpad_md)));
      return make_primitive(d);
    };
    if (!same(from, to)) plain_copy = make(false);
    if (adding) *adding = make(true);
  }
  static void point(const memory_object& m, void* where) { check(dnnl_memory_set_data_handle(m.get(), where), "memory_set_data_handle"); }
  /// Ports 0 and 1 go from the row-major tensor to the library's layout, port 2 back.
  void reorder(slot& s, std::size_t which, float* plain_data, float* used_data, const primitive& how, std::byte* scratch) {
    point(s.plain[which], plain_data);
    point(s.used[which], used_data);
    point(s.scratch, scratch);
    const bool back = which == 2;
    const std::array<dnnl_exec_arg_t, 3> list{{{DNNL_ARG_FROM, (back ? s.used : s.plain)[which].get()},
                                               {DNNL_ARG_TO, (back ? s.plain : s.used)[which].get()},
                                               {DNNL_ARG_SCRATCHPAD, s.scratch.get()}}};
    check(dnnl_primitive_execute(how.get(), s.work.get(), 3, list.data()), "primitive_execute");
  }

  direction what_;
  op::convolution_shape shape_;
  bool biased_;
  primitive primitive_, reorder_and_add_;
  std::array<port, 3> ports_;
  std::array<slot, slots> slots_;
  std::size_t scratch_bytes_ = memory::alignment, shared_bytes_ = 0;
  std::array<std::size_t, 3> own_bytes_{};
};

}  // namespace ogm::backend::dnnl
