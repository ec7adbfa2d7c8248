// What a user's first program does: include the libraries, and use them.
#include <avqa/avqa.hpp>
#include <ogm/ogm.hpp>
#include <ogm/version.hpp>

#include <cstdio>
#include <cstring>

int main() {
  std::printf("ogm %s, avqa %s\n", ogm::version, avqa::version);
  return std::strcmp(ogm::version, avqa::version);
}
