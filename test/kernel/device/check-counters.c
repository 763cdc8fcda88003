/*
 * check-counters [FIRST]: reads the data of a counting device from standard input and checks that each
 * little-endian 32-bit word is one more than the previous word. Prints the number of bytes and exits 0,
 * or prints the position of the first error and exits 1. FIRST is the value of the first word (0).
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv) {
  static unsigned char buffer[1 << 16];
  uint32_t expected = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 0;
  uint64_t bytes = 0;
  size_t length;
  while ((length = fread(buffer, 1, sizeof buffer, stdin)) > 0) {
    for (size_t i = 0; i < length; i++, bytes++) {
      unsigned shift = 8 * (bytes % 4);
      if (buffer[i] != ((expected >> shift) & 0xff)) {
        printf("order breaks at byte %" PRIu64 ": expected a byte of word %" PRIu32 "\n", bytes,
               expected);
        return 1;
      }
      if (shift == 24) expected++;
    }
  }
  printf("%" PRIu64 "\n", bytes);
  return 0;
}
