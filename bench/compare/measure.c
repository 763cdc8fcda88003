// Runs a program and reports its resource usage, in the same form for every program.
//
// usage: measure FILE PROGRAM ARGUMENTS…
//
// Writes one JSON object to FILE: wall time in seconds, processor time in seconds, and peak memory.
// Exits with the program's exit code.

#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double seconds(struct timeval t) { return (double)t.tv_sec + (double)t.tv_usec / 1e6; }

static void fail(const char *what) {
  perror(what);
  exit(1);
}

int main(int argc, char **argv) {
  if (argc < 3) {
    fprintf(stderr, "usage: measure FILE PROGRAM ARGUMENTS…\n");
    return 2;
  }
  double started = now();
  pid_t child = fork();
  if (child < 0) fail("measure: fork");
  if (child == 0) {
    execvp(argv[2], argv + 2);
    perror(argv[2]);
    _exit(127);
  }
  // Only the program holds the pipe: its reader sees the end when the program exits.
  close(STDOUT_FILENO);
  int status;
  struct rusage used;
  if (wait4(child, &status, 0, &used) < 0) fail("measure: wait4");
  double wall = now() - started;

  FILE *file = fopen(argv[1], "w");
  if (file == NULL) fail(argv[1]);
  fprintf(file, "{\"wall\":%.6f,\"user\":%.6f,\"system\":%.6f,\"peak_kib\":%ld}\n", wall,
          seconds(used.ru_utime), seconds(used.ru_stime), used.ru_maxrss);
  if (fclose(file) != 0) fail(argv[1]);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
