static_assert(sizeof(int) == 0, "a failure alone proves nothing");
int main() {}
