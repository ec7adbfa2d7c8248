// error: a sentence with [brackets], a semicolon; and "quotes".
// error: a second sentence
static_assert(sizeof(int) == 0, "a sentence with [brackets], a semicolon; and 'quotes'.");
#error a sentence with [brackets], a semicolon; and "quotes".
static_assert(sizeof(long) == 0, "a second sentence");
int main() {}
