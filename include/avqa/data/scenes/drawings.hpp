#pragma once
// Drawings of the 22 instruments and of where they are played.

#include <avqa/data/scenes/canvas.hpp>
#include <avqa/data/scenes/scene.hpp>
#include <avqa/question/answers.hpp>
#include <ogm/core/random.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace avqa::detail {

/// Each inside |x| <= 0.62, |y| <= 1.
namespace drawings {

inline constexpr shape accordion[]{
    bar(0x101010, 0, 0, .26f, .46f),     bar(0xc02030, -.40f, 0, .18f, .52f),   bar(0xc02030, .40f, 0, .18f, .52f),
    bar(0xe8e0d8, -.18f, 0, .02f, .46f), bar(0xe8e0d8, -.06f, 0, .02f, .46f),   bar(0xe8e0d8, .06f, 0, .02f, .46f),
    bar(0xe8e0d8, .18f, 0, .02f, .46f),  bar(0xffffff, .42f, 0, .08f, .44f),    bar(0x101010, .46f, -.22f, .04f, .05f),
    bar(0x101010, .46f, 0, .04f, .05f),  bar(0x101010, .46f, .22f, .04f, .05f), dot(0x404040, -.42f, -.2f, .04f, .04f),
    dot(0x404040, -.42f, 0, .04f, .04f), dot(0x404040, -.42f, .2f, .04f, .04f)};
inline constexpr shape acoustic_guitar[]{line(0x4a2c14, 0, .1f, 0, -.8f, .055f), bar(0x4a2c14, 0, -.86f, .09f, .12f),
                                         dot(0xd8a050, 0, .50f, .46f, .38f),     dot(0xd8a050, 0, 0, .34f, .29f),
                                         dot(0x2a1a10, 0, .14f, .13f, .13f),     bar(0x4a2c14, 0, .58f, .18f, .035f),
                                         line(0x4a2c14, 0, 0, 0, -.3f, .055f)};
inline constexpr shape bagpipe[]{line(0x1c1c1c, -.30f, .1f, -.42f, -.92f, .045f),  line(0x1c1c1c, 0, .1f, .02f, -.78f, .04f),
                                 line(0x1c1c1c, .26f, .1f, .42f, -.62f, .04f),     dot(0xf0f0e0, -.42f, -.92f, .07f, .06f),
                                 dot(0xf0f0e0, .02f, -.78f, .06f, .05f),           dot(0xf0f0e0, .42f, -.62f, .06f, .05f),
                                 cone(0x1c1c1c, .1f, .4f, .04f, .25f, .92f, .06f), dot(0x0e6a3a, 0, .22f, .54f, .36f),
                                 line(0xb01830, -.44f, .2f, .44f, .2f, .03f),      line(0xb01830, -.2f, -.06f, -.2f, .48f, .03f),
                                 line(0xb01830, .2f, -.06f, .2f, .48f, .03f)};
inline constexpr shape banjo[]{line(0x6a3a18, 0, .2f, 0, -.84f, .05f), bar(0x6a3a18, 0, -.9f, .08f, .1f),
                               dot(0xf4f0e6, 0, .48f, .44f, .44f),     ring(0x6a3a18, 0, .48f, .44f, .045f),
                               ring(0xb8b8b8, 0, .48f, .36f, .015f),   bar(0x3a2010, 0, .66f, .12f, .03f),
                               line(0x909090, 0, .66f, 0, .0f, .012f)};
inline constexpr shape bassoon[]{line(0x6e2418, -.22f, .9f, .2f, -.9f, .075f),    line(0x6e2418, -.34f, .86f, -.1f, -.1f, .065f),
                                 dot(0xf0ece0, .21f, -.93f, .1f, .05f),           line(0xc8c8c8, -.1f, -.1f, -.2f, -.42f, .02f),
                                 line(0xc8c8c8, -.2f, -.42f, -.44f, -.40f, .02f), dot(0xc8c8c8, -.06f, .25f, .05f, .05f),
                                 dot(0xc8c8c8, .02f, -.1f, .05f, .05f),           dot(0xc8c8c8, .1f, -.45f, .05f, .05f),
                                 line(0xc8c8c8, -.36f, .88f, -.2f, .92f, .05f)};
inline constexpr shape cello[]{line(0x303030, 0, .7f, 0, .98f, .02f),
                               dot(0x742c12, 0, .40f, .48f, .40f),
                               dot(0x742c12, 0, -.16f, .38f, .30f),
                               dot(0x8a3818, 0, .12f, .28f, .3f),
                               line(0x20140c, 0, .1f, 0, -.82f, .045f),
                               dot(0x20140c, 0, -.9f, .08f, .08f),
                               bar(0x20140c, 0, .5f, .05f, .2f),
                               line(0x201008, -.22f, .02f, -.22f, .28f, .02f),
                               line(0x201008, .22f, .02f, .22f, .28f, .02f),
                               line(0xe8dcc0, -.60f, .24f, .60f, .16f, .02f)};
inline constexpr shape clarinet[]{cone(0x181820, -.22f, -.88f, .045f, .16f, .66f, .07f),
                                  cone(0x181820, .16f, .66f, .07f, .22f, .9f, .17f),
                                  line(0xd0d0d8, -.10f, -.40f, -.02f, -.08f, .022f),
                                  line(0xd0d0d8, .0f, .05f, .06f, .3f, .022f),
                                  dot(0xd0d0d8, -.04f, -.30f, .045f, .045f),
                                  dot(0xd0d0d8, .02f, -.06f, .045f, .045f),
                                  dot(0xd0d0d8, .08f, .2f, .045f, .045f),
                                  dot(0xd0d0d8, .13f, .44f, .045f, .045f),
                                  line(0xe8e0c8, -.22f, -.88f, -.24f, -.98f, .03f)};
inline constexpr shape congas[]{cone(0xd06a20, -.32f, -.30f, .25f, -.32f, .8f, .15f),
                                cone(0xb04814, .32f, -.2f, .26f, .32f, .8f, .16f),
                                dot(0xf2e4c4, -.32f, -.42f, .25f, .1f),
                                dot(0xf2e4c4, .32f, -.32f, .26f, .1f),
                                line(0x909090, -.55f, -.2f, -.09f, -.2f, .025f),
                                line(0x909090, .08f, -.1f, .56f, -.1f, .025f),
                                line(0x603010, -.32f, -.1f, -.32f, .84f, .012f),
                                line(0x603010, .32f, 0, .32f, .84f, .012f)};
inline constexpr shape drum[]{line(0x808080, -.5f, -.5f, -.5f, .85f, .02f),
                              line(0x808080, .5f, -.6f, .5f, .85f, .02f),
                              dot(0xe8c838, -.44f, -.52f, .18f, .05f),
                              dot(0xe8c838, .44f, -.62f, .18f, .05f),
                              bar(0x2848b8, -.2f, -.2f, .17f, .15f),
                              bar(0x2848b8, .2f, -.2f, .17f, .15f),
                              dot(0xf4f4f4, -.2f, -.35f, .17f, .05f),
                              dot(0xf4f4f4, .2f, -.35f, .17f, .05f),
                              dot(0xf8f8f8, 0, .42f, .44f, .44f),
                              ring(0x2848b8, 0, .42f, .44f, .06f),
                              dot(0x2848b8, 0, .42f, .1f, .1f)};
inline constexpr shape electric_bass[]{line(0x382010, 0, .3f, 0, -.84f, .045f),
                                       cone(0x382010, 0, -.8f, .05f, -.08f, -.96f, .08f),
                                       dot(0xe01830, 0, .62f, .34f, .26f),
                                       cone(0xe01830, -.18f, .5f, .14f, -.3f, .08f, .08f),
                                       cone(0xe01830, .18f, .5f, .14f, .26f, .2f, .08f),
                                       dot(0xe01830, 0, .4f, .26f, .2f),
                                       bar(0x101010, 0, .40f, .15f, .035f),
                                       bar(0x101010, 0, .56f, .15f, .035f),
                                       bar(0xc0c0c0, 0, .76f, .12f, .03f),
                                       line(0x382010, 0, .3f, 0, -.1f, .045f)};
inline constexpr shape erhu[]{line(0x5a1010, 0, .6f, 0, -.96f, .028f),
                              line(0x5a1010, 0, -.8f, .2f, -.84f, .03f),
                              line(0x5a1010, 0, -.62f, .2f, -.66f, .03f),
                              dot(0x7c1c1c, 0, .70f, .23f, .2f),
                              dot(0xd0c8a0, 0, .7f, .14f, .13f),
                              line(0x8c7a50, -.34f, .5f, .56f, .38f, .02f),
                              line(0xf0ece0, -.34f, .55f, .56f, .44f, .014f),
                              bar(0x7c1c1c, 0, .92f, .2f, .035f)};
inline constexpr shape flute[]{line(0xc4d0dc, -.58f, .42f, .58f, -.42f, .05f),
                               line(0x7c8894, -.58f, .46f, .58f, -.38f, .012f),
                               dot(0x6c7884, -.42f, .3f, .05f, .035f),
                               dot(0xf4f8fc, -.12f, .09f, .05f, .05f),
                               dot(0xf4f8fc, 0, .0f, .05f, .05f),
                               dot(0xf4f8fc, .12f, -.09f, .05f, .05f),
                               dot(0xf4f8fc, .24f, -.17f, .05f, .05f),
                               dot(0xf4f8fc, .36f, -.26f, .05f, .05f)};
inline constexpr shape guzheng[]{line(0x3c2414, -.40f, .2f, -.46f, .8f, .03f),
                                 line(0x3c2414, .40f, .2f, .46f, .8f, .03f),
                                 bar(0x3c2414, 0, .1f, .62f, .22f),
                                 bar(0xe6bc70, 0, .06f, .58f, .17f),
                                 line(0xfaf4e0, -.56f, -.04f, .56f, .0f, .009f),
                                 line(0xfaf4e0, -.56f, .04f, .56f, .08f, .009f),
                                 line(0xfaf4e0, -.56f, .12f, .56f, .16f, .009f),
                                 line(0x7a3c10, -.36f, .2f, .36f, -.08f, .02f)};
inline constexpr shape piano[]{cone(0x141418, -.4f, -.12f, .08f, .5f, -.62f, .06f),
                               bar(0x141418, 0, .1f, .60f, .22f),
                               bar(0x141418, -.5f, .6f, .05f, .34f),
                               bar(0x141418, .5f, .6f, .05f, .34f),
                               bar(0x141418, 0, .6f, .04f, .32f),
                               bar(0xffffff, 0, .18f, .54f, .09f),
                               bar(0x141418, -.40f, .14f, .03f, .05f),
                               bar(0x141418, -.28f, .14f, .03f, .05f),
                               bar(0x141418, -.1f, .14f, .03f, .05f),
                               bar(0x141418, .02f, .14f, .03f, .05f),
                               bar(0x141418, .14f, .14f, .03f, .05f),
                               bar(0x141418, .32f, .14f, .03f, .05f),
                               bar(0x141418, .44f, .14f, .03f, .05f)};
inline constexpr shape pipa[]{cone(0xb8682c, 0, .5f, .40f, 0, -.36f, .09f),
                              line(0x2c1a10, 0, -.36f, 0, -.76f, .07f),
                              cone(0x2c1a10, 0, -.76f, .06f, .14f, -.94f, .08f),
                              line(0xf6ecd0, -.16f, -.56f, .16f, -.56f, .018f),
                              line(0xf6ecd0, -.16f, -.66f, .16f, -.66f, .018f),
                              line(0xf6ecd0, -.1f, -.2f, .1f, -.2f, .018f),
                              line(0xf6ecd0, -.12f, -.06f, .12f, -.06f, .018f),
                              line(0xf6ecd0, -.14f, .08f, .14f, .08f, .018f),
                              bar(0x2c1a10, 0, .66f, .2f, .04f),
                              line(0xf6ecd0, -.03f, .66f, -.03f, -.4f, .008f),
                              line(0xf6ecd0, .03f, .66f, .03f, -.4f, .008f)};
inline constexpr shape saxophone[]{line(0x202020, -.46f, -.72f, -.34f, -.80f, .045f),
                                   line(0xf09018, -.34f, -.80f, -.14f, -.8f, .05f),
                                   cone(0xf09018, -.12f, -.78f, .06f, .0f, .56f, .13f),
                                   cone(0xf09018, .0f, .6f, .14f, .24f, .72f, .16f),
                                   cone(0xf09018, .26f, .7f, .16f, .42f, -.02f, .25f),
                                   dot(0x8a4c08, .44f, -.1f, .2f, .12f),
                                   dot(0xfff0c0, -.06f, -.4f, .05f, .05f),
                                   dot(0xfff0c0, -.03f, -.15f, .05f, .05f),
                                   dot(0xfff0c0, 0, .1f, .05f, .05f),
                                   dot(0xfff0c0, .03f, .35f, .05f, .05f)};
inline constexpr shape suona[]{
    cone(0xd8a828, 0, .38f, .1f, 0, .66f, .34f), dot(0x8c6410, 0, .82f, .3f, .12f),   cone(0x40181c, 0, -.66f, .045f, 0, .40f, .12f),
    line(0xd8a828, 0, -.66f, 0, -.84f, .03f),    dot(0xd8a828, 0, -.74f, .11f, .03f), line(0xe8d8a0, 0, -.86f, 0, -.96f, .022f),
    dot(0x100808, 0, -.42f, .03f, .03f),         dot(0x100808, 0, -.24f, .03f, .03f), dot(0x100808, 0, -.06f, .03f, .03f),
    dot(0x100808, 0, .12f, .03f, .03f)};
inline constexpr shape trumpet[]{ring(0xffd84a, -.04f, .14f, .2f, .04f),     line(0xffd84a, -.56f, .0f, .3f, .0f, .045f),
                                 cone(0xffd84a, .2f, 0, .06f, .50f, 0, .2f), dot(0xb88410, .58f, 0, .07f, .24f),
                                 bar(0xf4f0d8, -.14f, .06f, .045f, .2f),     bar(0xf4f0d8, -.02f, .06f, .045f, .2f),
                                 bar(0xf4f0d8, .1f, .06f, .045f, .2f),       dot(0xc0c0c0, -.58f, 0, .04f, .07f)};
inline constexpr shape tuba[]{cone(0xc89020, .16f, .1f, .13f, .2f, -.6f, .36f),
                              dot(0x70480a, .2f, -.8f, .36f, .13f),
                              ring(0xc89020, -.06f, .42f, .36f, .11f),
                              ring(0x906410, -.06f, .42f, .14f, .05f),
                              line(0xc89020, -.4f, .4f, -.34f, -.3f, .07f),
                              line(0xc89020, -.34f, -.3f, -.5f, -.42f, .04f),
                              bar(0xf0e0b0, -.14f, .1f, .04f, .14f),
                              bar(0xf0e0b0, -.02f, .1f, .04f, .14f),
                              bar(0xf0e0b0, .1f, .1f, .04f, .14f)};
inline constexpr shape ukulele[]{line(0x5c3818, 0, .2f, 0, -.46f, .045f), bar(0x5c3818, 0, -.52f, .08f, .09f),
                                 dot(0x28b8b0, 0, .52f, .30f, .26f),      dot(0x28b8b0, 0, .18f, .23f, .2f),
                                 dot(0x103838, 0, .3f, .09f, .09f),       bar(0xf0f0e0, 0, .6f, .12f, .025f),
                                 line(0x5c3818, 0, .14f, 0, -.1f, .045f)};
inline constexpr shape violin[]{dot(0xd0501c, 0, .36f, .32f, .28f),
                                dot(0xd0501c, 0, -.06f, .26f, .22f),
                                dot(0xe06a28, 0, .14f, .18f, .2f),
                                line(0x181010, 0, .12f, 0, -.62f, .04f),
                                dot(0xd0501c, 0, -.7f, .07f, .08f),
                                bar(0x181010, 0, .46f, .05f, .14f),
                                line(0x301008, -.15f, .06f, -.15f, .24f, .016f),
                                line(0x301008, .15f, .06f, .15f, .24f, .016f),
                                line(0x403020, -.52f, .66f, .5f, -.6f, .02f),
                                line(0xf4f0e4, -.48f, .70f, .54f, -.55f, .014f)};
inline constexpr shape xylophone[]{
    line(0x604020, -.56f, .0f, -.4f, .86f, .03f), line(0x604020, .56f, 0, .4f, .86f, .03f), line(0x604020, -.58f, -.2f, .58f, -.08f, .03f),
    line(0x604020, -.58f, .24f, .58f, .1f, .03f), bar(0xe02828, -.51f, .02f, .065f, .42f),  bar(0xf08020, -.34f, .02f, .065f, .37f),
    bar(0xf0d820, -.17f, .02f, .065f, .32f),      bar(0x30b848, 0, .02f, .065f, .28f),      bar(0x28a0e0, .17f, .02f, .065f, .24f),
    bar(0x3848c8, .34f, .02f, .065f, .2f),        bar(0x9038b8, .51f, .02f, .065f, .17f)};

/// In the order of avqa::instruments.
inline constexpr std::array<std::span<const shape>, instruments.size()> all{
    accordion, acoustic_guitar, bagpipe, banjo, bassoon,   cello, clarinet, congas, drum,    electric_bass, erhu,
    flute,     guzheng,         piano,   pipa,  saxophone, suona, trumpet,  tuba,   ukulele, violin,        xylophone};

}  // namespace drawings

/// A room or a meadow, in the columns from `from_x` to before `to_x`.
inline void draw_surroundings(canvas& on, bool outdoors, int from_x, int to_x, ogm::random::generator& g) {
  const float side = float(on.side()), horizon = side * (0.62f + 0.1f * g.uniform()), brightness = 0.85f + 0.25f * g.uniform();
  const auto lit = [&](std::uint32_t rgb, float share = 1) {
    const colour c(rgb);
    return colour{c.red * brightness * share, c.green * brightness * share, c.blue * brightness * share};
  };
  static constexpr std::uint32_t walls[]{0xd8c8b0, 0xc8b8c0, 0xb8c0c8, 0xd0d0c0}, floors[]{0x8a6848, 0x7a5a50, 0x9a8064};
  const std::uint32_t wall = walls[g.below(4)], floor = floors[g.below(3)];
  for (int y = 0; y < on.side(); ++y) {
    const float down = float(y) / side;
    const bool below = float(y) >= horizon;
    on.row(y, from_x, to_x,
           outdoors ? (below ? lit(0x58a040, 0.75f + 0.4f * down) : mix(lit(0x5c9ce8), lit(0xd0e8f8), float(y) / horizon))
                    : (below ? lit(floor, 0.7f + 0.4f * down) : lit(wall, 1.f - 0.15f * down)));
  }
  const auto put = [&](const shape& s) { on.draw(s, {.scale = side, .brightness = brightness}, from_x, to_x); };
  const float left = float(from_x) / side, width = float(to_x - from_x) / side, line_y = horizon / side;
  const auto somewhere = [&] { return left + width * g.uniform(); };
  if (outdoors) {
    const float sun = somewhere();
    put(dot(0xfff4b0, sun, 0.08f + 0.06f * g.uniform(), 0.05f, 0.05f));
    for (int i = 0; i < 3; ++i) {
      const float x = somewhere(), y = 0.08f + 0.16f * g.uniform(), size = 0.03f + 0.03f * g.uniform();
      for (int k = -1; k <= 1; ++k) put(dot(0xf8fcff, x + float(k) * size * 1.1f, y, size * (k ? 1.f : 1.4f), size * (k ? 0.6f : 0.9f)));
    }
    for (int i = 0; i < 4; ++i) {
      const float x = somewhere(), size = 0.05f + 0.04f * g.uniform();
      put(bar(0x604828, x, line_y - size * 0.5f, size * 0.15f, size * 0.9f));
      put(dot(0x2c7834, x, line_y - size * 1.8f, size, size * 1.2f));
    }
  } else {
    const float x = somewhere(), y = 0.2f + 0.05f * g.uniform();
    put(bar(0xf8f8f4, x, y, 0.095f, 0.125f));
    put(bar(g.below(2) ? 0x9cb8d0 : 0x283858, x, y, 0.08f, 0.11f));
    put(bar(0xf8f8f4, x, y, 0.08f, 0.006f));
    put(bar(0xf8f8f4, x, y, 0.006f, 0.11f));
    const float lamp = somewhere();
    put(line(0x504840, lamp, 0, lamp, 0.09f, 0.005f));
    put(cone(0xf0c860, lamp, 0.09f, 0.015f, lamp, 0.12f, 0.04f));
    put(bar(0xece4d8, left + width / 2, line_y - 0.012f, width / 2, 0.012f));
  }
}

/// The surroundings of a scene: one place, or two side by side.
inline void draw_surroundings(canvas& on, const scene& s, ogm::random::generator& g) {
  const int seam = s.where == setting::both ? int(s.seam * float(on.side()) + 0.5f) : on.side();
  draw_surroundings(on, s.where == setting::outdoor, 0, seam, g);
  if (s.where == setting::both) draw_surroundings(on, true, seam, on.side(), g);
}

}  // namespace avqa::detail
