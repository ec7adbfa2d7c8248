// error: avqa: feature maps are (batch, time, channel, height, width) or (batch, time, channel, location). Reshape the tensor.
// error: avqa: the channels of the feature maps are not those of the spatial grounding. Make them equal.
// error: avqa: the sound of a spatial grounding is (batch, time, channel). Reshape the tensor.
// error: avqa: temporal attention takes a query (batch, channel) and a sequence (batch, time, channel).
#include <avqa/grounding/spatial.hpp>
#include <avqa/grounding/temporal.hpp>
using namespace ogm;
int main() {
  const tensor<float, dyn, dyn, 8> sound(2, 3);
  const tensor<float, dyn, dyn, 8, 6> maps(2, 3);
  const tensor<float, dyn, dyn, 16, 6> wide(2, 3);
  const tensor<float, dyn, 8> rows(2);
  tape<> t;
  const avqa::spatial_attention<8> place;
  place(t, sound, sound);
  place(t, wide, sound);
  place(t, maps, rows);
  avqa::single_query_attention<8, 2>{}(t, rows, rows);
}
