#pragma once
// Pictures of flat shapes with smooth edges.

#include <ogm/core/error.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace avqa::detail {

/// A colour; of 0xRRGGBB, or between two.
struct colour {
  float red = 0, green = 0, blue = 0;  // 0 to 255

  constexpr colour() = default;
  constexpr colour(float r, float g, float b) : red(r), green(g), blue(b) {}
  constexpr explicit colour(std::uint32_t rgb) : red(float(rgb >> 16)), green(float(rgb >> 8 & 255)), blue(float(rgb & 255)) {}
};
constexpr colour mix(const colour& a, const colour& b, float share) {
  const auto one = [&](float x, float y) { return x + share * (y - x); };
  return {one(a.red, b.red), one(a.green, b.green), one(a.blue, b.blue)};
}

/// A form in coordinates of its own: x to the right, y down.
struct shape {
  enum class form : std::uint8_t { dot, ring, line, bar };
  form kind = form::dot;
  std::uint32_t rgb = 0;
  float a = 0, b = 0, c = 0, d = 0, e = 0, f = 0;

  /// Below 0 inside, above 0 outside; about the distance from the edge where it is near.
  float distance(float x, float y) const {
    switch (kind) {
      case form::dot:
        return (std::hypot((x - a) / c, (y - b) / d) - 1) * std::min(c, d);
      case form::ring:
        return std::abs(std::hypot(x - a, y - b) - c) - d;
      case form::line: {
        const float along_x = c - a, along_y = d - b;
        const float at = std::clamp(((x - a) * along_x + (y - b) * along_y) / (along_x * along_x + along_y * along_y), 0.f, 1.f);
        return std::hypot(x - a - at * along_x, y - b - at * along_y) - (e + at * (f - e));
      }
      case form::bar:
        return std::max(std::abs(x - a) - c, std::abs(y - b) - d);
    }
    return 1;
  }
  float middle_x() const { return kind == form::line ? (a + c) / 2 : a; }
  float middle_y() const { return kind == form::line ? (b + d) / 2 : b; }
  /// No part of the form is farther from its middle.
  float reach() const {
    switch (kind) {
      case form::dot:
        return std::max(c, d);
      case form::ring:
        return c + d;
      case form::line:
        return std::hypot(c - a, d - b) / 2 + std::max(e, f);
      case form::bar:
        return std::hypot(c, d);
    }
    return 0;
  }
};
constexpr shape dot(std::uint32_t rgb, float x, float y, float radius_x, float radius_y) {
  return {shape::form::dot, rgb, x, y, radius_x, radius_y};
}
constexpr shape ring(std::uint32_t rgb, float x, float y, float radius, float half_width) {
  return {shape::form::ring, rgb, x, y, radius, half_width};
}
constexpr shape cone(std::uint32_t rgb, float x0, float y0, float radius_0, float x1, float y1, float radius_1) {
  return {shape::form::line, rgb, x0, y0, x1, y1, radius_0, radius_1};
}
constexpr shape line(std::uint32_t rgb, float x0, float y0, float x1, float y1, float radius) {
  return cone(rgb, x0, y0, radius, x1, y1, radius);
}
constexpr shape bar(std::uint32_t rgb, float x, float y, float half_width, float half_height) {
  return {shape::form::bar, rgb, x, y, half_width, half_height};
}

/// Where the coordinates of shapes lie in a picture, in pixels.
struct placement {
  float x = 0, y = 0;    // of their origin
  float scale = 1;       // pixels a unit
  float turn = 0;        // radians, clockwise
  float brightness = 1;  // of the colours
};

/// The caller's pixels (side, side, 3).
class canvas {
 public:
  canvas(int side, std::span<std::uint8_t> pixels) : side_(side), pixels_(pixels) {
    if (side < 1 || pixels.size() != std::size_t(side) * std::size_t(side) * 3)
      throw ogm::shape_error("avqa: " + std::to_string(pixels.size()) + " bytes for a picture of " + std::to_string(side) + " by " +
                             std::to_string(side) + " pixels of three.");
  }

  int side() const { return side_; }

  void blend(int x, int y, const colour& c, float share) {
    std::uint8_t* const p = &pixels_[(std::size_t(y) * std::size_t(side_) + std::size_t(x)) * 3];
    const auto one = [&](std::uint8_t old, float other) {
      return std::uint8_t(std::clamp(old + share * (other - old) + 0.5f, 0.f, 255.f));
    };
    p[0] = one(p[0], c.red), p[1] = one(p[1], c.green), p[2] = one(p[2], c.blue);
  }
  /// The same colour over part of a row.
  void row(int y, int from_x, int to_x, const colour& c) {
    for (int x = from_x; x < to_x; ++x) blend(x, y, c, 1);
  }
  /// Columns left of `from_x` and from `to_x` on stay as they are.
  void draw(const shape& s, const placement& at, int from_x, int to_x) {
    const float cosine = std::cos(at.turn), sine = std::sin(at.turn), reach = s.reach() * at.scale + 1;
    const float middle_x = at.x + at.scale * (cosine * s.middle_x() - sine * s.middle_y());
    const float middle_y = at.y + at.scale * (sine * s.middle_x() + cosine * s.middle_y());
    const int first_x = std::max(from_x, int(std::floor(middle_x - reach))), last_x = std::min(to_x - 1, int(middle_x + reach));
    const int first_y = std::max(0, int(std::floor(middle_y - reach))), last_y = std::min(side_ - 1, int(middle_y + reach));
    const colour full(s.rgb), c{full.red * at.brightness, full.green * at.brightness, full.blue * at.brightness};
    for (int y = first_y; y <= last_y; ++y)
      for (int x = first_x; x <= last_x; ++x) {
        const float dx = (float(x) + 0.5f - at.x) / at.scale, dy = (float(y) + 0.5f - at.y) / at.scale;
        const float inside = 0.5f - at.scale * s.distance(cosine * dx + sine * dy, cosine * dy - sine * dx);
        if (inside > 0) blend(x, y, c, std::min(inside, 1.f));
      }
  }
  void draw(std::span<const shape> all, const placement& at) {
    for (const shape& s : all) draw(s, at, 0, side_);
  }

 private:
  int side_;
  std::span<std::uint8_t> pixels_;
};

}  // namespace avqa::detail
