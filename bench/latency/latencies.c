// Reads records with timestamps from stdin and reports the age of each when its last byte arrived.
//
// usage: latencies SIZE SKIP COUNT
//
// A record has SIZE bytes. The first 8 are the CLOCK_MONOTONIC time, in nanoseconds, at which the sender
// handed it over (ffs-device's step `stamps`). The first SKIP records do not count, because they waited
// for the reader. After COUNT more it prints one JSON object, in microseconds, and exits, which closes
// the pipe.

#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static uint64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void read_record(char *record, size_t size) {
  for (size_t have = 0; have < size;) {
    ssize_t length = read(STDIN_FILENO, record + have, size - have);
    if (length <= 0) {
      fprintf(stderr, "latencies: the input ended too early\n");
      exit(1);
    }
    have += (size_t)length;
  }
}

static int compare(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

int main(int argc, char **argv) {
  size_t size = argc == 4 ? strtoul(argv[1], NULL, 10) : 0;
  size_t skip = argc == 4 ? strtoul(argv[2], NULL, 10) : 0;
  size_t count = argc == 4 ? strtoul(argv[3], NULL, 10) : 0;
  if (size < sizeof(uint64_t) || count == 0) {
    fprintf(stderr, "usage: latencies SIZE SKIP COUNT\n");
    return 2;
  }
  char *record = malloc(size);
  double *latencies = malloc(count * sizeof *latencies);
  if (record == NULL || latencies == NULL) return 1;

  for (size_t i = 0; i < skip; i++) read_record(record, size);
  for (size_t i = 0; i < count; i++) {
    read_record(record, size);
    uint64_t sent, came = now_ns();
    memcpy(&sent, record, sizeof sent);
    // Reject a value that is not a timestamp.
    if (sent > came || came - sent > 60000000000) {
      fprintf(stderr, "latencies: record %zu has no stamp\n", skip + i);
      return 1;
    }
    latencies[i] = (double)(came - sent) / 1000;
  }

  qsort(latencies, count, sizeof *latencies, compare);
  // The nearest rank: the smallest value that is at least as large as this percentage of all values.
  printf("{\"count\":%zu,\"min\":%.1f,\"p50\":%.1f,\"p99\":%.1f,\"max\":%.1f}\n", count,
         latencies[0], latencies[(count * 50 + 99) / 100 - 1], latencies[(count * 99 + 99) / 100 - 1],
         latencies[count - 1]);
  return 0;
}
