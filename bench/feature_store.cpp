// Batches of clips of the published shape, (10, 512, 14, 14) and (10, 128), out of a store that is in the page cache: clips alone, as for
// an evaluation, and with ten frames of other clips each, as for training; against memcpy and pread of as many bytes of the same file, into
// a buffer of that size. Axes: type, negatives, threads. Counters: GB/s, bytes of the file that were handed out a second; of_memcpy and
// of_pread, the time of the plain copy of those bytes over ours; of_floats, the time of a memcpy of as many floats as a batch holds over
// ours. In half precision the last is the fairer one: a store of 16 bits writes twice what it reads.

#include <avqa/features/clips.hpp>
#include <avqa/features/store.hpp>
#include <avqa/features/store_writer.hpp>
#include <ogm/core/random.hpp>

#include <machine.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>

using namespace avqa;
using ogm::dyn;

namespace {

constexpr ogm::size_type videos = 48, batch = 16;

/// A folder that goes away with the program.
struct folder {
  std::string path;
  folder() {
    path = (std::filesystem::temp_directory_path() / "avqa-store-XXXXXX").string();
    if (!::mkdtemp(path.data())) throw std::runtime_error("no temporary folder");
  }
  folder(const folder&) = delete;
  folder& operator=(const folder&) = delete;
  ~folder() { std::filesystem::remove_all(path); }
};

std::string made(const std::string& in, ogm::data::dtype type) {
  const std::string path = in + '/' + std::string(name_of(type));
  if (std::filesystem::exists(path)) return path;
  const feature_shape shape;
  store_writer to(path, shape, type);
  std::vector<float> sound(std::size_t(shape.sound_count())), maps(std::size_t(shape.maps_count()));
  for (ogm::size_type v = 0; v < videos; ++v) {
    for (std::size_t i = 0; i < maps.size(); ++i) maps[i] = float((i * 31 + std::size_t(v) * 7) % 1021) * 0.01f;
    to.add(std::to_string(v), sound, maps);
  }
  to.finish();
  return path;
}

/// A plain copy of the parts of a file that a batch hands out: whole clips, and frames anywhere.
struct part {
  std::size_t offset, bytes;
};
std::vector<part> parts_of(std::span<const clip> clips, const negative_frames* others, ogm::data::dtype type) {
  const auto layout = *detail::layout_of(feature_shape{}, type);
  std::vector<part> out;
  for (const clip& c : clips) {
    const std::size_t item = layout.item_offset(std::size_t(c.video));
    out.push_back({item, layout.maps_bytes});
    out.push_back({item + layout.sound_offset, layout.sound_bytes});
    if (!others) continue;
    std::vector<frame_id> frames(10);
    others->draw(c.key, c.video, frames);
    for (const frame_id f : frames)
      out.push_back({layout.item_offset(std::size_t(f.video)) + std::size_t(f.step) * layout.frame_bytes, layout.frame_bytes});
  }
  return out;
}
/// f(part, position in the buffer) for all parts, a chunk for each clip.
template <class F> void each_part(const std::vector<part>& parts, const F& f) {
  const std::size_t per_clip = parts.size() / std::size_t(batch);
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < per_clip; ++i) bytes += parts[i].bytes;
  ogm::parallel_for(batch, [&](long c) {
    std::size_t at = std::size_t(c) * bytes;
    for (std::size_t i = std::size_t(c) * per_clip; i < std::size_t(c + 1) * per_clip; ++i) f(parts[i], at), at += parts[i].bytes;
  });
}

void read(benchmark::State& state, const std::string& in, ogm::data::dtype type) {
  const bool training = state.range(0) != 0;
  const int threads = int(state.range(1));
  const std::string path = made(in, type);
  const feature_store store(path);
  const ogm::use_threads pool(threads);
  std::vector<ogm::size_type> all(static_cast<std::size_t>(videos));
  for (ogm::size_type v = 0; v < videos; ++v) all[std::size_t(v)] = v;
  const negative_frames others(all, 10);
  std::vector<clip> clips;
  for (ogm::size_type i = 0; i < batch; ++i) clips.push_back({i * 3 % videos, {1, 0, i}});
  ogm::tensor<float, dyn, dyn, 128> sound(batch, 10);
  ogm::tensor<float, dyn, dyn, 512, dyn, dyn> maps(batch, 10, 14, 14), negatives(training ? batch : 0, 10, 14, 14);
  const auto ours = [&] {
    if (training)
      read_clips(store, others, clips, sound.view(), maps.view(), negatives.view());
    else
      read_clips(store, clips, sound.view(), maps.view());
  };
  ours();
  const double bytes = double(store.bytes_read());

  const auto parts = parts_of(clips, training ? &others : nullptr, type);
  const ogm::data::mapped_file mapped(path);
  const ogm::data::detail::descriptor file(::open(path.c_str(), O_RDONLY));
  ogm::tensor<float, dyn> buffer(sound.count() + maps.count() + negatives.count());  // holds the bytes of the file, or all floats
  auto* const to = reinterpret_cast<std::byte*>(buffer.data());
  const auto by_memcpy = [&] {
    each_part(parts, [&](const part& p, std::size_t at) { std::memcpy(to + at, mapped.bytes().data() + p.offset, p.bytes); });
  };
  const auto by_pread = [&] {
    each_part(parts, [&](const part& p, std::size_t at) {
      if (::pread(file.get(), to + at, p.bytes, ::off_t(p.offset)) != ::ssize_t(p.bytes)) std::abort();
    });
  };
  // The floats of a batch: from tensors to the buffer.
  const auto floats = [&] {
    ogm::parallel_for(batch, [&](long c) {
      const long clip_floats = long(maps.count()) / batch;
      std::memcpy(buffer.data() + c * clip_floats, maps.data() + c * clip_floats, std::size_t(clip_floats) * 4);
      if (training)
        std::memcpy(buffer.data() + maps.count() + c * clip_floats, negatives.data() + c * clip_floats, std::size_t(clip_floats) * 4);
    });
  };
  by_memcpy();
  if (type == ogm::data::dtype::f32 && std::memcmp(to, maps.data(), detail::layout_of(feature_shape{}, type)->maps_bytes) != 0)
    return state.SkipWithError("a batch is not what the file holds");
  double pread_time = bench::shortest(2, by_pread), floats_time = bench::shortest(2, floats);
  const bench::duel d = bench::in_turn(state, ours, by_memcpy, 1, [&] {
    pread_time = std::min(pread_time, bench::seconds(by_pread));
    floats_time = std::min(floats_time, bench::seconds(floats));
  });
  state.counters["GB/s"] = bytes / d.ours * 1e-9;
  state.counters["of_memcpy"] = d.reference / d.ours;
  state.counters["of_pread"] = pread_time / d.ours;
  state.counters["of_floats"] = floats_time / d.ours;
}

}  // namespace

int main(int argc, char** argv) {
  const folder in;
  for (const ogm::data::dtype type : {ogm::data::dtype::f32, ogm::data::dtype::f16, ogm::data::dtype::bf16})
    benchmark::RegisterBenchmark(std::string(name_of(type)).c_str(), [&in, type](benchmark::State& s) { read(s, in.path, type); })
        ->ArgNames({"negatives", "threads"})
        ->ArgsProduct({{0, 1}, {1, 2}})
        ->UseManualTime()
        ->MinTime(0.3)
        ->Unit(benchmark::kMillisecond);
  return bench::run(argc, argv, true);
}
