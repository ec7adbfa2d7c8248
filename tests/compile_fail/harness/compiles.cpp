// error: a sentence that no compiler prints for this file
int main() {}
