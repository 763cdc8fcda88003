// A USB device as a program: a vendor-specific interface with a bulk IN and a bulk OUT endpoint,
// through FunctionFS. What it sends is a script, so that a test can stage a device's good and bad
// manners. `gadget up NAME ffs -- STEPS…` starts it.
//
// usage: ffs-device FOLDER [--sink FILE] [--accept SIZE] STEPS…
//
//   FOLDER         where functionfs is mounted
//   --sink FILE    writes there what arrives at the OUT endpoint (else it is only counted)
//   --accept SIZE  halts the OUT endpoint once after SIZE bytes, a multiple of the packet size
//   STEPS          separated by commas; all arguments together are one script
//
//   send SIZE|forever             bytes, without a short packet unless at the end
//   message SIZE                  bytes that end in a short or a zero-length packet
//   messages SIZE COUNT|forever   the same, COUNT times
//   stamps SIZE COUNT|forever MS  messages of 8 to 16384 bytes that begin with the time when they
//                                 were handed to the endpoint: CLOCK_MONOTONIC, in nanoseconds, 64
//                                 bits. One every MS milliseconds, but only when the one before was
//                                 taken, so that none waits behind another
//   zlp                           one zero-length packet
//   silence [MS]                  nothing, for that long or for ever, once all before is taken
//   stall                         halts the IN endpoint until the host clears the halt
//   rate SIZE                     from here on at most SIZE bytes a second; 0 for no limit
//   exit                          ends the program, which unplugs the device
//   repeat                        back to the first step
//
// Sizes may end in k, M or G (binary). All bytes ever sent, but for stamps, are one stream of
// little-endian 32-bit numbers 0, 1, 2, …: the host sees a loss as a jump and a repetition as a step
// back. After the last step the device is silent.

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/aio_abi.h>
#include <linux/usb/functionfs.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define FOREVER UINT64_MAX
#define NS_PER_S 1000000000ULL

// ---- Log ----------------------------------------------------------------------------------------

static uint64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

static void say(const char *format, ...) {
  char text[256];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  printf("%.3f %s\n", (double)now_ns() / 1e9, text);
}

static void check(bool good, const char *what) {
  if (good) return;
  say("%s: %s", what, strerror(errno));
  exit(1);
}

static void sleep_until(uint64_t ns) {
  struct timespec t = {.tv_sec = (time_t)(ns / NS_PER_S), .tv_nsec = (long)(ns % NS_PER_S)};
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR) {
  }
}

static void sleep_ms(uint64_t ms) { sleep_until(now_ns() + ms * 1000000); }

// ---- Description --------------------------------------------------------------------------------
// USB is little-endian, and so are the machines that the lab runs on.

#define INTERFACE                                                                    \
  {.bLength = USB_DT_INTERFACE_SIZE, .bDescriptorType = USB_DT_INTERFACE,            \
   .bNumEndpoints = 2, .bInterfaceClass = USB_CLASS_VENDOR_SPEC, .iInterface = 1}
#define ENDPOINT(address, packet)                                                    \
  {.bLength = USB_DT_ENDPOINT_SIZE, .bDescriptorType = USB_DT_ENDPOINT,              \
   .bEndpointAddress = (address), .bmAttributes = USB_ENDPOINT_XFER_BULK,            \
   .wMaxPacketSize = packet}
#define COMPANION {.bLength = USB_DT_SS_EP_COMP_SIZE, .bDescriptorType = USB_DT_SS_ENDPOINT_COMP}

struct plain {
  struct usb_interface_descriptor interface;
  struct usb_endpoint_descriptor_no_audio in, out;
} __attribute__((packed));

static const struct {
  struct usb_functionfs_descs_head_v2 head;
  __le32 fs_count, hs_count, ss_count;
  struct plain fs, hs;
  struct {
    struct usb_interface_descriptor interface;
    struct usb_endpoint_descriptor_no_audio in;
    struct usb_ss_ep_comp_descriptor in_companion;
    struct usb_endpoint_descriptor_no_audio out;
    struct usb_ss_ep_comp_descriptor out_companion;
  } __attribute__((packed)) ss;
} __attribute__((packed)) descriptors = {
    .head = {.magic = FUNCTIONFS_DESCRIPTORS_MAGIC_V2,
             .length = sizeof descriptors,
             .flags = FUNCTIONFS_HAS_FS_DESC | FUNCTIONFS_HAS_HS_DESC | FUNCTIONFS_HAS_SS_DESC},
    .fs_count = 3,
    .hs_count = 3,
    .ss_count = 5,
    .fs = {INTERFACE, ENDPOINT(0x81, 64), ENDPOINT(0x02, 64)},
    .hs = {INTERFACE, ENDPOINT(0x81, 512), ENDPOINT(0x02, 512)},
    .ss = {INTERFACE, ENDPOINT(0x81, 1024), COMPANION, ENDPOINT(0x02, 1024), COMPANION},
};

#define INTERFACE_NAME "Scripted"
static const struct {
  struct usb_functionfs_strings_head head;
  __le16 language;
  char interface[sizeof INTERFACE_NAME];
} __attribute__((packed)) strings = {
    .head = {.magic = FUNCTIONFS_STRINGS_MAGIC,
             .length = sizeof strings,
             .str_count = 1,
             .lang_count = 1},
    .language = 0x0409,
    .interface = INTERFACE_NAME,
};

static int open_in(const char *folder, const char *file, int flags) {
  char path[4096];
  snprintf(path, sizeof path, "%s/%s", folder, file);
  int fd = open(path, flags);
  check(fd >= 0, path);
  return fd;
}

// ---- Events -------------------------------------------------------------------------------------

// Odd while a host has the device configured. Every configuration makes it a new number.
static atomic_uint configuration;

static bool is_enabled(void) { return configuration & 1; }

static void wait_enabled(void) {
  while (!is_enabled()) sleep_ms(2);
}

// Waits with poll: a read that waits holds a lock that the kernel (6.1) needs to unbind the device,
// and both would wait for ever.
static bool read_event(int ep0, struct usb_functionfs_event *event) {
  struct pollfd poller = {.fd = ep0, .events = POLLIN};
  while (poll(&poller, 1, -1) < 0 && errno == EINTR) {
  }
  return read(ep0, event, sizeof *event) == (ssize_t)sizeof *event;
}

static void *watch_events(void *argument) {
  int ep0 = *(int *)argument;
  static const char *const names[] = {"bind",  "unbind",  "enable", "disable",
                                      "setup", "suspend", "resume"};
  struct usb_functionfs_event event;
  while (read_event(ep0, &event)) {
    say("event: %s", event.type < sizeof names / sizeof *names ? names[event.type] : "?");
    switch (event.type) {
      case FUNCTIONFS_ENABLE:
        configuration += is_enabled() ? 2 : 1;
        break;
      case FUNCTIONFS_DISABLE:
      case FUNCTIONFS_UNBIND:
        if (is_enabled()) configuration++;
        break;
      case FUNCTIONFS_SETUP:
        // No request is known: a transfer in the wrong direction tells FunctionFS to stall it.
        if (event.u.setup.bRequestType & USB_DIR_IN)
          (void)!read(ep0, NULL, 0);
        else
          (void)!write(ep0, NULL, 0);
        break;
    }
  }
  check(false, "ep0");
  return NULL;
}

// ---- A pipe: requests in flight on one endpoint, answered in order ------------------------------

#define DEPTH 64
#define BUFFER 16384

struct request {
  struct iocb iocb;
  uint32_t buffer[BUFFER / 4 + 1];
  size_t length;
  bool pending;
  int64_t result;
};

struct pipe {
  int fd;
  uint16_t operation;  // IOCB_CMD_PWRITE for IN, IOCB_CMD_PREAD for OUT.
  aio_context_t context;
  struct request *requests;
  unsigned first, next;  // Requests in flight are first … next - 1, modulo DEPTH.
};

static void pipe_open(struct pipe *pipe, int fd, uint16_t operation) {
  *pipe = (struct pipe){.fd = fd, .operation = operation};
  pipe->requests = calloc(DEPTH, sizeof *pipe->requests);
  check(pipe->requests != NULL, "calloc");
  check(syscall(SYS_io_setup, DEPTH, &pipe->context) == 0, "io_setup");
}

static struct request *pipe_request(struct pipe *pipe, unsigned index) {
  return &pipe->requests[index % DEPTH];
}

static unsigned pipe_depth(const struct pipe *pipe) { return pipe->next - pipe->first; }

// Answers to the requests come as they may; at least `least` are waited for.
static void pipe_collect(struct pipe *pipe, long least) {
  struct io_event events[DEPTH];
  long count = syscall(SYS_io_getevents, pipe->context, least, DEPTH, events, NULL);
  check(count >= 0 || errno == EINTR, "io_getevents");
  for (long i = 0; i < count; i++) {
    struct request *request = pipe_request(pipe, (unsigned)events[i].data);
    request->pending = false;
    request->result = events[i].res;
  }
}

static void pipe_submit(struct pipe *pipe, unsigned index, void *data) {
  struct request *request = pipe_request(pipe, index);
  request->iocb = (struct iocb){.aio_data = index % DEPTH,
                                .aio_lio_opcode = pipe->operation,
                                .aio_fildes = (uint32_t)pipe->fd,
                                .aio_buf = (uintptr_t)data,
                                .aio_nbytes = request->length};
  request->pending = true;
  struct iocb *iocbs[] = {&request->iocb};
  check(syscall(SYS_io_submit, pipe->context, 1, iocbs) == 1, "io_submit");
}

// Submits what failed again, in order. Requests fail while no host has the device configured, and
// when that ends; the kernel does not say how much of the first one the host had taken by then, so
// the host may see up to one request's bytes a second time. (A host that merely cancels its own
// transfers makes nothing fail here: the request waits for the host's next transfer.)
static void pipe_resubmit(struct pipe *pipe) {
  for (unsigned i = pipe->first; i != pipe->next; i++)
    while (pipe_request(pipe, i)->pending) pipe_collect(pipe, 1);
  wait_enabled();
  sleep_ms(2);
  for (unsigned i = pipe->first; i != pipe->next; i++) {
    struct request *request = pipe_request(pipe, i);
    if (request->result >= 0) say("ORDER LOST: a request succeeded after one that failed");
    pipe_submit(pipe, i, (void *)(uintptr_t)request->iocb.aio_buf);
  }
}

// Waits for the oldest request, and returns it.
static struct request *pipe_take(struct pipe *pipe) {
  struct request *request = pipe_request(pipe, pipe->first);
  for (;;) {
    while (request->pending) pipe_collect(pipe, 1);
    if (request->result >= 0) break;
    pipe_resubmit(pipe);
  }
  pipe->first++;
  return request;
}

// The endpoint as the host sees it at the present speed.
static struct usb_endpoint_descriptor pipe_descriptor(const struct pipe *pipe) {
  struct usb_endpoint_descriptor descriptor;
  for (;;) {
    wait_enabled();
    if (ioctl(pipe->fd, FUNCTIONFS_ENDPOINT_DESC, &descriptor) == 0) return descriptor;
    sleep_ms(2);
  }
}

// ---- The IN endpoint ----------------------------------------------------------------------------

static struct pipe in;
static uint64_t stream;  // Bytes of the stream handed to the endpoint.
static uint64_t rate;    // Bytes a second; 0: as many as the host takes.
static uint64_t due;     // When the next bytes may go, with a rate.

// Waits until the host has taken everything.
static void drain(void) {
  while (pipe_depth(&in) > 0) pipe_take(&in);
}

// Bytes for one request: many, but with a low rate few, for an even flow.
static size_t chunk_size(void) {
  if (rate == 0 || rate / 64 >= BUFFER) return BUFFER;
  size_t packet = pipe_descriptor(&in).wMaxPacketSize;
  size_t packets = rate / 64 / packet;
  return packet * (packets > 0 ? packets : 1);
}

static void keep_rate(size_t length) {
  if (rate == 0) return;
  drain();  // A host that did not read for a while gets no burst afterwards.
  uint64_t now = now_ns();
  if (due < now) due = now;
  sleep_until(due);
  due += (uint64_t)length * NS_PER_S / rate;
}

// The next request, free to be filled.
static struct request *free_request(size_t length) {
  while (pipe_depth(&in) >= DEPTH) pipe_take(&in);
  struct request *request = pipe_request(&in, in.next);
  request->length = length;
  return request;
}

static void send_request(size_t length) {
  struct request *request = free_request(length);
  // From the number that the stream stands in the midst of; the request starts inside of it.
  uint32_t number = (uint32_t)(stream / 4);
  size_t skip = stream % 4;
  for (size_t i = 0; i < (skip + length + 3) / 4; i++) request->buffer[i] = number++;
  pipe_submit(&in, in.next++, (char *)request->buffer + skip);
  stream += length;
}

static void send_bytes(uint64_t size) {
  while (size > 0) {
    size_t length = chunk_size();
    if (size < length) length = (size_t)size;
    keep_rate(length);
    send_request(length);
    if (size != FOREVER) size -= length;
  }
}

static void send_message(uint64_t size) {
  send_bytes(size);
  if (size % pipe_descriptor(&in).wMaxPacketSize == 0) send_request(0);
}

// The bytes behind a stamp are as they may be.
static void send_stamps(uint64_t size, uint64_t count, uint64_t ms) {
  uint64_t next = now_ns();
  for (uint64_t i = 0; i < count; i++) {
    drain();
    uint64_t now = now_ns();
    if (next < now) next = now;
    bool whole_packets = size % pipe_descriptor(&in).wMaxPacketSize == 0;
    struct request *request = free_request((size_t)size);
    sleep_until(next);
    next += ms * 1000000;
    now = now_ns();
    memcpy(request->buffer, &now, sizeof now);
    pipe_submit(&in, in.next++, request->buffer);
    if (whole_packets) send_request(0);
  }
}

// Tells a halt's end from the bus itself, for FunctionFS does not: waits until the host's request
// CLEAR_FEATURE(ENDPOINT_HALT) to this endpoint is done, as usbmon writes it: lines of a tag, a
// time, S for submission or C for completion, and more.
static void wait_halt_cleared(int monitor, unsigned configured, const char *request) {
  char line[512], tag[32] = "";
  while (configuration == configured) {
    ssize_t length = read(monitor, line, sizeof line - 1);
    check(length >= 0 || errno == EAGAIN, "usbmon");
    if (length < 0) {
      sleep_ms(2);  // usbmon's text has no poll().
      continue;
    }
    line[length] = '\0';
    if (strstr(line, request))
      sscanf(line, "%31s", tag);
    else if (tag[0] && strncmp(line, tag, strlen(tag)) == 0 && strstr(line, " C Co:"))
      return;
  }
}

static void stall(void) {
  drain();
  unsigned configured = configuration;
  char request[32];
  snprintf(request, sizeof request, " s 02 01 0000 %04x 0000 ",
           pipe_descriptor(&in).bEndpointAddress);
  int monitor = open_in("/sys/kernel/debug/usb/usbmon", "0u", O_RDONLY | O_NONBLOCK);
  // Reading from an IN endpoint is how FunctionFS is told to halt it. It refuses (EAGAIN) while
  // the controller still has a packet for the host.
  char byte;
  while (read(in.fd, &byte, 1) < 0 && errno != EBADMSG) {
    check(errno == EAGAIN, "halt");
    sleep_ms(1);
  }
  say("halted");
  wait_halt_cleared(monitor, configured, request);
  say("halt cleared");
  close(monitor);
}

static void silence(uint64_t ms) {
  drain();
  while (ms == FOREVER) pause();
  sleep_ms(ms);
}

static void leave(void) {
  drain();
  sleep_ms(100);  // The controller has up to 64 bytes of its own, and tells nobody.
  exit(0);
}

// ---- The OUT endpoint ---------------------------------------------------------------------------

static struct pipe out;
static int sink = -1;
static uint64_t accept_size = FOREVER;

// A request for every packet: what the host sent arrives at once, whether its last packet was short
// or not, and many of them keep up the rate.
static void *receive(void *argument) {
  (void)argument;
  uint64_t received = 0, asked = 0;
  for (;;) {
    while (pipe_depth(&out) < DEPTH && asked < accept_size) {
      struct request *request = pipe_request(&out, out.next);
      request->length = pipe_descriptor(&out).wMaxPacketSize;
      asked += request->length;
      pipe_submit(&out, out.next++, request->buffer);
    }
    struct request *request = pipe_take(&out);
    received += (uint64_t)request->result;
    asked -= request->length - (uint64_t)request->result;
    if (sink >= 0)
      check(write(sink, request->buffer, (size_t)request->result) == request->result, "sink");
    if (received >= accept_size) {
      // Writing to an OUT endpoint is how FunctionFS is told to halt it.
      check(write(out.fd, "", 1) < 0 && errno == EBADMSG, "halt OUT");
      say("OUT halted after %" PRIu64 " bytes", received);
      accept_size = FOREVER;
    }
  }
  return NULL;
}

// ---- The script ---------------------------------------------------------------------------------

static void misuse(const char *what) {
  fprintf(stderr, "ffs-device: not understood: %s\n", what);
  exit(2);
}

// A size or a count; NULL is `absent`.
static uint64_t number(const char *text, uint64_t absent) {
  if (text == NULL) return absent;
  if (strcmp(text, "forever") == 0) return FOREVER;
  char *end;
  uint64_t value = strtoull(text, &end, 10);
  unsigned shift = *end == 'k' ? 10 : *end == 'M' ? 20 : *end == 'G' ? 30 : 0;
  if (end == text || end[shift > 0] != '\0') misuse(text);
  return value << shift;
}

struct step {
  char text[80], *verb, *first, *second, *third;
};

static bool is(const struct step *step, const char *verb) { return strcmp(step->verb, verb) == 0; }

// Does a step, or only checks it. Returns true where the script starts anew.
static bool perform(const struct step *step, bool really) {
  uint64_t first = number(step->first, FOREVER), second = number(step->second, FOREVER);
  uint64_t third = number(step->third, FOREVER);
  if (really)
    say("%s %s %s at byte %" PRIu64, step->verb, step->first ? step->first : "",
        step->second ? step->second : "", stream);
  if (is(step, "send") && step->first) {
    if (really) send_bytes(first);
  } else if (is(step, "message") && step->first) {
    if (really) send_message(first);
  } else if (is(step, "messages") && step->second) {
    for (uint64_t i = 0; really && i < second; i++) send_message(first);
  } else if (is(step, "stamps") && step->third && first >= 8 && first <= BUFFER) {
    if (really) send_stamps(first, second, third);
  } else if (is(step, "zlp")) {
    if (really) send_request(0);
  } else if (is(step, "silence")) {
    if (really) silence(first);
  } else if (is(step, "stall")) {
    if (really) stall();
  } else if (is(step, "rate") && step->first) {
    if (really) rate = first;
  } else if (is(step, "exit")) {
    if (really) leave();
  } else if (is(step, "repeat")) {
    return true;
  } else {
    misuse(step->verb);
  }
  return false;
}

#define MOST_STEPS 256
static struct step steps[MOST_STEPS];

static size_t parse(char *script) {
  size_t count = 0;
  char *rest = script, *text;
  while ((text = strsep(&rest, ",")) != NULL) {
    if (count == MOST_STEPS || strlen(text) >= sizeof steps->text) misuse(text);
    struct step *step = &steps[count++];
    strcpy(step->text, text);
    step->verb = strtok(step->text, " ");
    step->first = step->verb ? strtok(NULL, " ") : NULL;
    step->second = step->first ? strtok(NULL, " ") : NULL;
    step->third = step->second ? strtok(NULL, " ") : NULL;
    if (step->verb == NULL) misuse("an empty step");
    perform(step, false);
  }
  return count;
}

int main(int argc, char **argv) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  if (argc < 2) misuse("no folder");
  const char *folder = argv[1];
  char script[16384] = "";
  for (int i = 2; i < argc; i++) {
    bool has_value = i + 1 < argc;
    if (strcmp(argv[i], "--sink") == 0 && has_value) {
      sink = open(argv[++i], O_WRONLY | O_CREAT | O_TRUNC, 0644);
      check(sink >= 0, argv[i]);
    } else if (strcmp(argv[i], "--accept") == 0 && has_value) {
      accept_size = number(argv[++i], FOREVER);
    } else {
      if (strlen(script) + strlen(argv[i]) + 2 > sizeof script) misuse("so long a script");
      strcat(strcat(script, script[0] ? " " : ""), argv[i]);
    }
  }
  size_t count = parse(script[0] ? script : strcpy(script, "silence"));

  int ep0 = open_in(folder, "ep0", O_RDWR);
  check(write(ep0, &descriptors, sizeof descriptors) == (ssize_t)sizeof descriptors, "descriptors");
  check(write(ep0, &strings, sizeof strings) == (ssize_t)sizeof strings, "strings");
  pipe_open(&in, open_in(folder, "ep1", O_RDWR | O_NONBLOCK), IOCB_CMD_PWRITE);
  pipe_open(&out, open_in(folder, "ep2", O_RDWR | O_NONBLOCK), IOCB_CMD_PREAD);

  pthread_t thread;
  check(pthread_create(&thread, NULL, watch_events, &ep0) == 0, "pthread_create");
  wait_enabled();
  check(pthread_create(&thread, NULL, receive, NULL) == 0, "pthread_create");
  for (size_t i = 0; i < count; i++)
    if (perform(&steps[i], true)) i = (size_t)-1;
  silence(FOREVER);
}
