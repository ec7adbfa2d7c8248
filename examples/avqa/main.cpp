// Audio-visual question answering from annotations and features to answers.

#include "commands.hpp"

#include <cstdio>
#include <exception>
#include <functional>
#include <string_view>
#include <tuple>

int main(int argc, char** argv) {
  CLI::App app("Answers questions about what is seen and heard.");
  app.require_subcommand(1);
  app.option_defaults()->always_capture_default();
  app.failure_message([](const CLI::App*, const CLI::Error& e) {
    return "avqa: " + std::string(e.what()) + ". `avqa --help` and `avqa COMMAND --help` say what there is.\n";
  });
  std::tuple<program::scenes_command, program::features_command, program::pretrain_command, program::train_command,
             program::compare_command, program::evaluate_command, program::answer_command, program::demo_command,
             program::checkpoint_command>
      commands;
  std::function<int()> chosen;
  std::apply(
      [&](auto&... command) {
        const auto add = [&](auto& c) {
          CLI::App* const sub = app.add_subcommand(c.name, c.what);
          c.add(*sub);
          sub->callback([&] { chosen = [&c] { return c.run(); }; });
        };
        (add(command), ...);
      },
      commands);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e);
  }
  try {
    return chosen();
  } catch (const std::exception& e) {
    const std::string_view said = e.what();
    const bool of_a_library = said.starts_with("avqa: ") || said.starts_with("ogm: ");
    std::fprintf(stderr, "%s%s\n", of_a_library ? "" : "avqa: ", e.what());
    return 1;
  }
}
