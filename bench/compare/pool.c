// A pool of asynchronous bulk transfers in C, as in rtl_sdr or hackrf_transfer. Each callback writes its
// transfer to stdout and resubmits it. With an OUT endpoint, each callback fills its transfer from stdin
// and resubmits it, so the read-ahead is the size of the pool.
//
// usage: pool VID:PID ENDPOINT BYTES [unbuffered]
//
//   VID:PID, ENDPOINT  hexadecimal
//   BYTES              how many to move; 0: until the reader closes the pipe, or to the end of stdin
//   unbuffered         do not buffer small writes
//
// At the end it prints one JSON object to stderr. `seconds` is the time from the first submission to the
// last byte written, or to the end of the last transfer.

#define _GNU_SOURCE
#include <libusb-1.0/libusb.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define DEPTH 16
#define SIZE (256 * 1024)

static uint64_t total = UINT64_MAX, asked, moved;
static int in_flight;
static bool failed;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void check(int result, const char *what) {
  if (result >= 0) return;
  fprintf(stderr, "pool: %s: %s\n", what, libusb_error_name(result));
  exit(1);
}

static bool is_out(const struct libusb_transfer *transfer) {
  return (transfer->endpoint & LIBUSB_ENDPOINT_IN) == 0;
}

// Never requests more than the remaining bytes, so no transfer needs to be cancelled at the end.
static void submit(struct libusb_transfer *transfer) {
  uint64_t left = total - asked;
  transfer->length = left < SIZE ? (int)left : SIZE;
  if (is_out(transfer))
    transfer->length = (int)fread(transfer->buffer, 1, (size_t)transfer->length, stdin);
  if (transfer->length == 0) return;
  check(libusb_submit_transfer(transfer), "submit");
  asked += (uint64_t)transfer->length;
  in_flight++;
}

static void LIBUSB_CALL on_transfer(struct libusb_transfer *transfer) {
  in_flight--;
  if (transfer->status != LIBUSB_TRANSFER_COMPLETED) {
    fprintf(stderr, "pool: transfer ended with status %d\n", transfer->status);
    failed = true;
    return;
  }
  size_t length = (size_t)transfer->actual_length;
  if (is_out(transfer) && transfer->actual_length < transfer->length) {
    fprintf(stderr, "pool: of %d bytes %zu were taken\n", transfer->length, length);
    failed = true;
    return;
  }
  if (!is_out(transfer) && fwrite(transfer->buffer, 1, length, stdout) != length) {
    perror("pool: write");
    failed = true;
    return;
  }
  moved += length;
  asked -= (uint64_t)transfer->length - length;  // Other transfers carry the rest of a short one.
  submit(transfer);
}

int main(int argc, char **argv) {
  unsigned vid, pid;
  if (argc < 4 || sscanf(argv[1], "%x:%x", &vid, &pid) != 2) {
    fprintf(stderr, "usage: pool VID:PID ENDPOINT BYTES [unbuffered]\n");
    return 2;
  }
  unsigned char endpoint = (unsigned char)strtoul(argv[2], NULL, 16);
  uint64_t bytes = strtoull(argv[3], NULL, 10);
  if (bytes > 0) total = bytes;
  if (argc > 4) setvbuf(stdout, NULL, _IONBF, 0);

  check(libusb_init(NULL), "init");
  libusb_device_handle *device =
      libusb_open_device_with_vid_pid(NULL, (uint16_t)vid, (uint16_t)pid);
  if (device == NULL) check(LIBUSB_ERROR_NO_DEVICE, "open");
  check(libusb_claim_interface(device, 0), "claim");

  struct libusb_transfer *transfers[DEPTH];
  for (int i = 0; i < DEPTH; i++) {
    unsigned char *buffer = malloc(SIZE);
    transfers[i] = libusb_alloc_transfer(0);
    if (buffer == NULL || transfers[i] == NULL) check(LIBUSB_ERROR_NO_MEM, "allocate");
    libusb_fill_bulk_transfer(transfers[i], device, endpoint, buffer, SIZE, on_transfer, NULL, 0);
  }

  double started = now();
  for (int i = 0; i < DEPTH; i++) submit(transfers[i]);
  while (in_flight > 0 && !failed) check(libusb_handle_events(NULL), "events");
  if (failed) return 1;
  if (ferror(stdin) || fflush(stdout) != 0) {
    perror("pool");
    return 1;
  }
  double seconds = now() - started;

  const struct libusb_version *version = libusb_get_version();
  const char *count = is_out(transfers[0]) ? "bytes_accepted" : "bytes_written";
  fprintf(stderr, "{\"%s\":%llu,\"seconds\":%.6f,\"libusb\":\"%d.%d.%d\"}\n", count,
          (unsigned long long)moved, seconds, version->major, version->minor, version->micro);
  for (int i = 0; i < DEPTH; i++) {
    free(transfers[i]->buffer);
    libusb_free_transfer(transfers[i]);
  }
  libusb_release_interface(device, 0);
  libusb_close(device);
  libusb_exit(NULL);
  return 0;
}
