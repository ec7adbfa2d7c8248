#pragma once
// The cases of layers.json: single layers, losses, optimisers, schedules, clipping. The code that runs them is that of the unit tests.

#include <support/golden.hpp>

namespace golden {

using ogm::test::golden_report;

/// Each runs a case in one backend, and says whether it knows the case; compiled in files of their own.
using case_runner = bool (*)(const ogm::test::json&, golden_report&);

struct runners {
  case_runner float_eigen, float_onednn, in_double;  // float_onednn: null where that is the same code as Eigen's, or not there
};

runners convolution_runners();
runners dense_runners();
runners pooling_runners();
runners function_runners();
runners recurrent_runners();
runners attention_runners();
runners embedding_runners();
runners loss_runners();
runners optimiser_runners();
runners schedule_runners();
runners clipping_runners();

/// Checks every case of a file; false where one is out of tolerance. data_error names a case that is not known.
bool check_layers(const ogm::test::json& file, const std::string& path);

}  // namespace golden
