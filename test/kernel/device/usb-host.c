// The host side of a test, with usbfs: does single transfers with interface 0 of a device, one after
// another, and reports the result of each. `usb-host 2-1 control 40 01 1 0 0, in 81 4096`
//
// usage: usb-host PORT STEPS…
//
//   PORT    port path of the device, as printed by `gadget up`
//   STEPS   separated by commas; all arguments together are one script
//
//   control TYPE REQUEST VALUE INDEX LENGTH|BYTES   bmRequestType, bRequest, wValue and wIndex are
//                       hexadecimal. It requests LENGTH bytes or sends BYTES: `-` for none, or
//                       hexadecimal digits
//   out EP SIZE         one transfer of the next SIZE bytes of standard input; 0 is a zero-length
//                       packet. EP is the address, hexadecimal
//   in EP SIZE          one transfer that requests SIZE bytes
//   clear EP            clears the halt
//   reset               resets the device without claiming its interface, which another process may use
//
// Sizes are decimal. A transfer that has not completed after a second is cancelled. For each step, one
// line on standard output has the number of bytes transferred, the received data (at most 8 bytes,
// hexadecimal), and the name of an error.

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/usbdevice_fs.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define TIMEOUT_MS 1000
#define SHOWN 8

static int device;

static void check(bool good, const char *what) {
  if (good) return;
  fprintf(stderr, "usb-host: %s: %s\n", what, strerror(errno));
  exit(1);
}

static unsigned attribute(const char *port, const char *name) {
  char path[256];
  snprintf(path, sizeof path, "/sys/bus/usb/devices/%s/%s", port, name);
  FILE *file = fopen(path, "r");
  unsigned value;
  check(file != NULL && fscanf(file, "%u", &value) == 1, path);
  fclose(file);
  return value;
}

static void open_device(const char *port) {
  char path[64];
  snprintf(path, sizeof path, "/dev/bus/usb/%03u/%03u", attribute(port, "busnum"),
           attribute(port, "devnum"));
  device = open(path, O_RDWR);
  check(device >= 0, path);
}

static void claim(void) {
  static bool claimed;
  unsigned interface = 0;
  check(claimed || ioctl(device, USBDEVFS_CLAIMINTERFACE, &interface) == 0, "claim");
  claimed = true;
}

static void report(int length, const unsigned char *bytes, int error) {
  printf("%d", length);
  for (int i = 0; bytes && i < length && i < SHOWN; i++) printf("%s%02x", i ? "" : " ", bytes[i]);
  printf("%s%s\n", error ? " " : "", error ? strerrorname_np(error) : "");
}

static uint32_t number(int base) {
  const char *text = strtok(NULL, " ");
  char *end;
  uint32_t value = text ? (uint32_t)strtoul(text, &end, base) : 0;
  if (text == NULL || *end != '\0') {
    fprintf(stderr, "usb-host: invalid: %s\n", text ? text : "step too short");
    exit(2);
  }
  return value;
}

static void control(void) {
  static unsigned char data[4096];
  struct usbdevfs_ctrltransfer transfer = {.timeout = TIMEOUT_MS, .data = data};
  transfer.bRequestType = (uint8_t)number(16);
  transfer.bRequest = (uint8_t)number(16);
  transfer.wValue = (uint16_t)number(16);
  transfer.wIndex = (uint16_t)number(16);
  bool to_host = transfer.bRequestType & 0x80;
  if (to_host) {
    transfer.wLength = (uint16_t)number(10);
  } else {
    const char *digits = strtok(NULL, " ");
    while (digits && sscanf(digits, "%2hhx", &data[transfer.wLength]) == 1) {
      transfer.wLength++;
      digits += 2;
    }
  }
  int length = ioctl(device, USBDEVFS_CONTROL, &transfer);
  report(length < 0 ? 0 : length, to_host ? data : NULL, length < 0 ? errno : 0);
}

static void transfer(bool to_host) {
  unsigned endpoint = number(16), size = number(10);
  unsigned char *buffer = malloc(size + 1);
  if (!to_host) check(fread(buffer, 1, size, stdin) == size, "standard input");
  struct usbdevfs_urb urb = {.type = USBDEVFS_URB_TYPE_BULK,
                             .endpoint = (uint8_t)endpoint,
                             .buffer = buffer,
                             .buffer_length = (int)size},
                      *reaped;
  check(ioctl(device, USBDEVFS_SUBMITURB, &urb) == 0, "submit");
  struct pollfd poller = {.fd = device, .events = POLLOUT};
  bool late = poll(&poller, 1, TIMEOUT_MS) == 0;
  if (late) ioctl(device, USBDEVFS_DISCARDURB, &urb);
  check(ioctl(device, USBDEVFS_REAPURB, &reaped) == 0, "reap");
  report(urb.actual_length, to_host ? buffer : NULL, late ? ETIMEDOUT : -urb.status);
  free(buffer);
}

static void clear(void) {
  unsigned endpoint = number(16);
  int result = ioctl(device, USBDEVFS_CLEAR_HALT, &endpoint);
  report(0, NULL, result < 0 ? errno : 0);
}

static void reset(void) {
  int result = ioctl(device, USBDEVFS_RESET, NULL);
  report(0, NULL, result < 0 ? errno : 0);
}

int main(int argc, char **argv) {
  static char script[4096];
  if (argc < 3) {
    fprintf(stderr, "usage: usb-host PORT STEPS…\n");
    return 2;
  }
  for (int i = 2; i < argc; i++) strcat(strcat(script, " "), argv[i]);
  open_device(argv[1]);
  char *rest = script, *step;
  while ((step = strsep(&rest, ",")) != NULL) {
    const char *verb = strtok(step, " ");
    bool is_reset = verb && strcmp(verb, "reset") == 0;
    if (!is_reset) claim();
    if (is_reset)
      reset();
    else if (verb && strcmp(verb, "control") == 0)
      control();
    else if (verb && strcmp(verb, "out") == 0)
      transfer(false);
    else if (verb && strcmp(verb, "in") == 0)
      transfer(true);
    else if (verb && strcmp(verb, "clear") == 0)
      clear();
    else
      return 2;
    fflush(stdout);
  }
  return 0;
}
