#pragma once
// Event files that TensorBoard reads.

#include <ogm/core/error.hpp>
#include <ogm/train/observers/event.hpp>
#include <ogm/train/observers/output_file.hpp>
#include <ogm/train/observers/text.hpp>
#include <ogm/train/observers/tfrecord.hpp>

#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>

namespace ogm::observers {

/// How often events are written.
struct tensorboard_options {
  long every = 1;       ///< write each so many steps
  double flush_s = 10;  ///< besides the end of an epoch, flush after so many seconds of steps
};

/// Scalars by step into a folder that `tensorboard --logdir` shows.
///
/// Tags       loss, learning_rate, steps_per_second and the scalars of a step under their own names; train_loss and the
///            scalars of an epoch likewise, at the last step of that epoch (at the epoch's number where no step was seen);
///            "final/<name>" for those of the run's end; title and protocol as the text "protocol"
/// Numerics   values are stored as float: that is what TensorBoard's scalars hold. NaN and infinities are kept
/// Errors     data_error where the file cannot be written; value_error where every < 1
/// Source     TFRecord framing and tensorflow/core/util/event.proto, framework/summary.proto (field numbers only)
class tensorboard {
 public:
  explicit tensorboard(std::filesystem::path folder, const tensorboard_options& options = {})
      : folder_(std::move(folder)), options_(options) {
    if (options.every < 1) throw value_error("ogm: tensorboard needs every >= 1, not " + std::to_string(options.every) + ".");
  }

  /// Every run gets a file of its own, so a resumed run adds to the folder; TensorBoard reads them in the order of their time.
  void on_run_begin(const run_begin& e) {
    open();
    if (e.title.empty() && e.protocol.empty()) return;
    std::string markdown = e.title + "\n\n| name | value |\n|---|---|\n";
    for (const auto& [name, value] : e.protocol) markdown += "| " + name + " | " + value + " |\n";
    add_text("protocol", markdown);
    write_summary(0);
    file_.flush();
  }

  void on_step(const step_end& e) {
    last_step_ = e.step;
    since_flush_ += e.seconds;
    if (e.step % options_.every != 0) return;
    add("loss", e.loss);
    add("learning_rate", e.learning_rate);
    if (e.seconds > 0) add("steps_per_second", 1 / e.seconds);
    for (const scalar& s : e.scalars) add(s.name, s.value);
    write_summary(e.step);
    if (since_flush_ >= options_.flush_s) flush();
  }

  void on_epoch_end(const epoch_end& e) {
    add("train_loss", e.train_loss);
    for (const scalar& s : e.scalars) add(s.name, s.value);
    write_summary(last_step_ > 0 ? last_step_ : e.epoch);
    flush();
  }

  void on_run_end(const run_end& e) {
    add("final/seconds", e.seconds);
    for (const scalar& s : e.scalars) {
      name_ = "final/";
      name_ += s.name;
      add(name_, s.value);
    }
    write_summary(last_step_);
    flush();
  }

 private:
  static double now_s() { return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count(); }

  void open() {
    char host[256] = "host";
    gethostname(host, sizeof host - 1);
    const auto seconds = std::to_string(static_cast<long long>(now_s()));
    const auto prefix = "events.out.tfevents." + seconds + "." + host + "." + std::to_string(getpid()) + ".";
    int count = 0;
    while (std::filesystem::exists(folder_ / (prefix + std::to_string(count)))) ++count;
    file_ = output_file(folder_ / (prefix + std::to_string(count)));
    begin_event(0);
    tfrecord::message{event_}.bytes(3, "brain.Event:2");
    write_event();
  }
  void flush() {
    file_.flush();
    since_flush_ = 0;
  }

  void begin_event(long step) {
    event_.clear();
    tfrecord::message fields{event_};
    fields.number(1, now_s());
    fields.integer(2, step);
  }
  void write_event() {
    record_.clear();
    tfrecord::append_record(record_, event_);
    file_.write(record_);
  }

  /// Appends a value {tag = 1, simple_value = 2} to the summary that write_summary writes.
  void add(std::string_view tag, double value) {
    value_.clear();
    tfrecord::message fields{value_};
    printable_.clear();
    text::append_printable(printable_, tag);  // a protocol buffer string must be valid UTF-8
    fields.bytes(1, printable_);
    fields.number(2, float(value));
    tfrecord::message{summary_}.bytes(1, value_);
  }
  void add_text(std::string_view tag, std::string_view content) {
    std::string plugin, metadata, dimension, shape, tensor;
    tfrecord::message{plugin}.bytes(1, "text");
    tfrecord::message{metadata}.bytes(1, plugin);
    tfrecord::message{dimension}.integer(1, 1);
    tfrecord::message{shape}.bytes(2, dimension);
    tfrecord::message fields{tensor};
    fields.integer(1, 7);  // DT_STRING
    fields.bytes(2, shape);
    fields.bytes(8, content);
    value_.clear();
    tfrecord::message value{value_};
    value.bytes(1, tag);
    value.bytes(8, tensor);
    value.bytes(9, metadata);
    tfrecord::message{summary_}.bytes(1, value_);
  }
  void write_summary(long step) {
    if (!file_.is_open()) open();
    begin_event(step);
    tfrecord::message{event_}.bytes(5, summary_);
    summary_.clear();
    write_event();
  }

  std::filesystem::path folder_;
  tensorboard_options options_;
  output_file file_;
  long last_step_ = 0;
  double since_flush_ = 0;
  std::string event_, record_, summary_, value_, printable_, name_;
};

}  // namespace ogm::observers
