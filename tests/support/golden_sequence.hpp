#pragma once
// The cases of layers.json about sequences: recurrent layers, attention, embedding.

#include <support/golden.hpp>

#include <ogm/nn/attention.hpp>
#include <ogm/nn/embedding.hpp>
#include <ogm/nn/gru.hpp>
#include <ogm/nn/lstm.hpp>

namespace ogm::test {

/// Sequences are (time, batch, channel) in the file, states (layer and direction, batch, hidden).
template <class Layer> void run_golden_recurrent_layer(const json& c, golden_report& report) {
  using B = typename Layer::backend_type;
  using T = typename B::value_type;
  Layer layer;
  fill_golden_parameters(layer, c);
  gradient_store<B> store(layer);
  tape<B> t;
  t.bind(store);
  const auto sizes = c.at("inputs").at("x").at("shape").get<std::vector<size_type>>();
  if (sizes.size() != 3) golden_mismatch(c, "x has " + std::to_string(sizes.size()) + " axes, not 3.");
  const size_type time = sizes[0], batch = sizes[1];
  tensor<T, dyn, dyn, dyn> data(batch, time, sizes[2]);
  fill_golden_input(data, c, swap_axes(golden_input(c), time, batch));
  tensor<std::int32_t, dyn> lengths(batch);
  nn::recurrent_options<memory::host> options;
  if (c.contains("lengths")) {
    fill_golden_input(lengths, c, c.at("lengths").get<std::vector<double>>());
    options.lengths = lengths;
  }
  const auto x = t.variable(data);
  const auto y = layer(t, x, options);
  const auto output = [&](const auto& value, const std::string& key, bool is_sequence) {
    const auto values = numbers_of<memory::host>(value.data(), value.count());
    const size_type outer = is_sequence ? time : c.at("outputs").at(key).at("shape").at(0).get<size_type>();
    report.compare(key, swap_axes(values, batch, outer), c.at("outputs").at(key));
    seed_gradient(value, swap_axes(golden_cotangent(c, key), outer, batch));
  };
  output(y.output, "output", true);
  output(y.h, "hidden", false);
  if constexpr (requires { y.c; }) output(y.c, "cell", false);
  t.run_backward();
  report.compare("gradient of x", swap_axes(gradient_of(x), batch, time), c.at("input_gradients").at("x"));
  compare_golden_parameters(report, store, layer, c);
}

/// "lstm...", "gru..."; false where the case is none of them.
template <class B> bool run_golden_recurrent(const json& c, golden_report& report) {
  const auto name = c.at("name").get<std::string>();
  if (name == "lstm")
    run_golden_recurrent_layer<nn::lstm<3, 4, false, B>>(c, report);
  else if (name == "lstm_2layers_bidirectional")
    run_golden_recurrent_layer<nn::lstm<3, 2, true, B, 2>>(c, report);
  else if (name == "lstm_padded")
    run_golden_recurrent_layer<nn::lstm<3, 4, true, B>>(c, report);
  else if (name == "gru")
    run_golden_recurrent_layer<nn::gru<3, 4, false, B>>(c, report);
  else if (name == "gru_bidirectional")
    run_golden_recurrent_layer<nn::gru<3, 2, true, B>>(c, report);
  else
    return false;
  return true;
}

template <class B, int Heads> void run_golden_attention_layer(const json& c, golden_report& report) {
  using T = typename B::value_type;
  using space = memory::host;
  constexpr int width = 8;
  nn::multi_head_attention<width, Heads, B> layer;
  fill_golden_parameters(layer, c);
  gradient_store<B> store(layer);
  tape<B> t;
  t.bind(store);
  const auto size = [&](const char* input, int axis) {
    return c.at("inputs").at(input).at("shape").at(std::size_t(axis)).get<size_type>();
  };
  const size_type queries = size("query", 0), keys = size("memory", 0), batch = size("query", 1);
  tensor<T, dyn, dyn, width> query(batch, queries), memory(batch, keys);  // (time, batch, channel) in the file
  fill_golden_input(query, c, swap_axes(golden_input(c, "query"), queries, batch));
  fill_golden_input(memory, c, swap_axes(golden_input(c, "memory"), keys, batch));
  tensor<std::uint8_t, dyn, dyn> padding(batch, keys);
  nn::attention_options<space, T> options;
  if (c.contains("key_padding_mask")) {
    for (size_type b = 0; b < batch; ++b)
      for (size_type k = 0; k < keys; ++k) padding(b, k) = c.at("key_padding_mask").at(std::size_t(b)).at(std::size_t(k)).get<int>() != 0;
    options.key_padding_mask = padding;
  }
  const auto q = t.variable(query), m = t.variable(memory);
  const auto y = layer.with_weights(t, q, m, options);
  report.compare("output", swap_axes(numbers_of<space>(y.output.data(), y.output.count()), batch, queries), c.at("outputs").at("output"));
  report.compare("weights", y.weights, c.at("outputs").at("weights"));
  seed_gradient(y.output, swap_axes(golden_cotangent(c), queries, batch));
  seed_gradient(y.weights, golden_cotangent(c, "weights"));
  t.run_backward();
  report.compare("gradient of query", swap_axes(gradient_of(q), batch, queries), c.at("input_gradients").at("query"));
  report.compare("gradient of memory", swap_axes(gradient_of(m), batch, keys), c.at("input_gradients").at("memory"));
  compare_golden_parameters(report, store, layer, c);
}

/// "multi_head_attention" (2 heads) and "multi_head_attention_masked" (4).
template <class B> bool run_golden_attention(const json& c, golden_report& report) {
  const auto name = c.at("name").get<std::string>();
  if (name == "multi_head_attention")
    run_golden_attention_layer<B, 2>(c, report);
  else if (name == "multi_head_attention_masked")
    run_golden_attention_layer<B, 4>(c, report);
  else
    return false;
  return true;
}

/// "embedding".
template <class B> bool run_golden_embedding(const json& c, golden_report& report) {
  if (c.at("name") != "embedding") return false;
  nn::embedding<7, 3, B> layer;
  fill_golden_parameters(layer, c);
  gradient_store<B> store(layer);
  tape<B> t;
  t.bind(store);
  const auto rows = c.at("inputs").at("index").at("values").get<std::vector<std::vector<std::int32_t>>>();
  tensor<std::int32_t, dyn, dyn> index(size_type(rows.size()), rows.empty() ? 0 : size_type(rows[0].size()));
  for (std::size_t r = 0; r < rows.size(); ++r) {
    if (rows[r].size() != rows[0].size()) golden_mismatch(c, "the rows of its index differ in length.");
    std::copy(rows[r].begin(), rows[r].end(), index.data() + r * rows[0].size());
  }
  const auto y = layer(t, index);
  report.compare("output", y, c.at("outputs").at("output"));
  seed_gradient(y, golden_cotangent(c));
  t.run_backward();
  compare_golden_parameters(report, store, layer, c);
  return true;
}

}  // namespace ogm::test
