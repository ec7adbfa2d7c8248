// The published networks of audio-visual question answering on the device, against what PyTorch gave: the cases of examples/golden.
#include "../../../examples/golden/avqa_case.hpp"

#include <avqa/cuda/operations.cuh>
#include <ogm/cuda/backend.cuh>

#include <catch2/catch.hpp>

namespace {

bool agrees(const std::string& name) { return golden::run_avqa_case<ogm::backend::cuda>(ogm::test::golden_file(name), name); }

}  // namespace

TEST_CASE("AVST, three steps of Adam on the device") { CHECK(agrees("avst_b3_t4.json")); }
TEST_CASE("the network without spatial grounding, three steps of Adam on the device") {
  CHECK(agrees("avqa_without_grounding_b3_t4.json"));
}
TEST_CASE("the grounding stage, three steps of Adam on the device") { CHECK(agrees("grounding_pretrain_b2_t3.json")); }
