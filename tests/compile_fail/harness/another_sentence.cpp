// error: the sentence that was expected
static_assert(sizeof(int) == 0, "the sentence that is printed");
int main() {}
