// error: the sentence
// goes on here
static_assert(sizeof(int) == 1, "the sentence");
