// error: avqa: a match head halves its width twice. Make it 4 or more.
#include <avqa/models/match_head.hpp>
int main() { avqa::match_head<3> match; }
