// A USB device as a program: a vendor-specific interface with a bulk IN and a bulk OUT endpoint,
// implemented with FunctionFS. A script controls what it sends, so that tests can simulate correct and
// faulty devices. `gadget up NAME ffs -- OPTIONS STEPS…` starts it.
//
// usage: ffs-device FOLDER [OPTIONS] STEPS…
//
//   FOLDER   mount point of functionfs
//   STEPS    what the IN endpoint sends; steps are separated by commas, all arguments are one script
//
//   send SIZE|forever             bytes, without a short packet except at the end
//   message SIZE                  bytes that end in a short or a zero-length packet
//   messages SIZE COUNT|forever   the same, COUNT times
//   stamps SIZE COUNT|forever MS  messages of 8 to 16384 bytes that start with the time at which they
//                                 were handed to the endpoint: CLOCK_MONOTONIC, in nanoseconds, 64
//                                 bits. One every MS milliseconds, but only after the host received
//                                 the previous one, so that no message queues
//   framed MOST COUNT|forever     COUNT messages of 0 to MOST bytes, framed as an FT232H does: each packet
//                                 starts with two status bytes, which are not part of the stream, and a
//                                 short packet ends the message. The sizes are the same in each run
//   zlp                           one zero-length packet
//   silence [MS]                  nothing, for this time or for ever, after the host received all data
//   stall                         halts the IN endpoint until the host clears the halt
//   hang                          nothing until the host resets or configures the device again, after the
//                                 host received all data
//   stale SIZE                    bytes 0xff, which are no part of the stream
//   await N                       nothing until control request 0x04 has the value N
//   rate SIZE                     from now on, at most SIZE bytes per second; 0 for no limit
//   exit                          exits the program, which unplugs the device
//   repeat                        continues with the first step
//
// Sizes may end in k, M or G (binary). All bytes sent, except stamps and status bytes, are one stream of little-endian
// 32-bit numbers 0, 1, 2, …: the host sees a loss as a jump and a repetition as a step back. After the
// last step the device is silent.
//
// The OUT endpoint accepts data packet by packet, as fast as it arrives, and counts it:
//
//   --sink FILE        writes the data to FILE
//   --messages FILE    writes the size of each message to FILE, one per line. A message ends in a short
//                      or a zero-length packet: full packets and a zero-length packet are one message,
//                      a zero-length packet alone is the message 0. An incomplete message is not
//                      included: see `open` below
//   --accept SIZE      halts the endpoint once, after SIZE bytes; continues after the halt
//   --take SIZE        accepts no more than SIZE bytes, so that the host waits …
//   --pause MS         … for this time, instead of for ever
//   --take-rate SIZE   accepts at most SIZE bytes per second
//   --account FILE     writes to FILE what was accepted, as a line of JSON: `bytes`, their `crc32` (zlib's)
//                      in hexadecimal, complete `messages`, bytes of the `open` message, and `settled`:
//                      no more data can arrive, because the device is unplugged or accepts nothing. Until
//                      then it may lag. `gadget account` waits for it
//   --interrupt-out    the OUT endpoint is an interrupt endpoint
//   --interrupt-in N   the IN endpoint is an interrupt endpoint with N packets per interval, 1 to 3; more
//                      than 1 only at high speed and SuperSpeed
//
// A packet is accepted whole or not at all: if SIZE is within a packet, that packet counts, too. The log
// also has the account whenever it is settled.
//
// Control requests are logged before the response; all others are stalled:
//
//   0x01 OUT  wValue 1 starts the IN stream; 0 stops it and removes data that the host has not received.
//             The next start continues with that data
//   0x02 OUT  stores up to 64 bytes; IN returns them, so that a response may be short
//   0x03 IN   never gets a response
//   0x04 OUT  ends the step `await` with this wValue
//   0xa0 OUT  with --memory FILE: writes up to 4096 bytes to FILE at the offset wValue, as the loader of
//             an FX2 writes to memory
//
// They are vendor requests to the device, the interface or an endpoint. With --start-by-request, nothing
// is sent before a start, and each packet is a separate request, so that a stop is between two packets.
// Otherwise the host may see up to 16 KiB twice after a stop. (If 64 bytes or fewer are waiting, they are
// in the controller and cannot be removed.)

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

static void log_line(const char *format, ...) {
  char text[256];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  printf("%.3f %s\n", (double)now_ns() / 1e9, text);
}

static void check(bool good, const char *what) {
  if (good) return;
  log_line("%s: %s", what, strerror(errno));
  exit(1);
}

static void sleep_until(uint64_t ns) {
  struct timespec t = {.tv_sec = (time_t)(ns / NS_PER_S), .tv_nsec = (long)(ns % NS_PER_S)};
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR) {
  }
}

static void sleep_ms(uint64_t ms) { sleep_until(now_ns() + ms * 1000000); }

// ---- Description --------------------------------------------------------------------------------
// USB is little-endian, and so are the machines of the lab.

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

static struct {
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
             .flags = FUNCTIONFS_HAS_FS_DESC | FUNCTIONFS_HAS_HS_DESC | FUNCTIONFS_HAS_SS_DESC |
                      FUNCTIONFS_ALL_CTRL_RECIP},
    .fs_count = 3,
    .hs_count = 3,
    .ss_count = 5,
    .fs = {INTERFACE, ENDPOINT(0x81, 64), ENDPOINT(0x02, 64)},
    .hs = {INTERFACE, ENDPOINT(0x81, 512), ENDPOINT(0x02, 512)},
    .ss = {INTERFACE, ENDPOINT(0x81, 1024), COMPANION, ENDPOINT(0x02, 1024), COMPANION},
};

static void make_interrupt(struct usb_endpoint_descriptor_no_audio *endpoint) {
  endpoint->bmAttributes = USB_ENDPOINT_XFER_INT;
  endpoint->bInterval = 1;
}

// A packet size with bits for extra transactions needs the largest packets (USB 2.0 table 9-14).
static void make_in_interrupt(unsigned packets) {
  make_interrupt(&descriptors.fs.in);
  make_interrupt(&descriptors.hs.in);
  make_interrupt(&descriptors.ss.in);
  if (packets > 1) descriptors.hs.in.wMaxPacketSize = (__le16)((packets - 1) << 11 | 1024);
  descriptors.ss.in_companion.bMaxBurst = (__u8)(packets - 1);
  descriptors.ss.in_companion.wBytesPerInterval =
      (__le16)(packets * descriptors.ss.in.wMaxPacketSize);
}

static void make_out_interrupt(void) {
  make_interrupt(&descriptors.fs.out);
  make_interrupt(&descriptors.hs.out);
  make_interrupt(&descriptors.ss.out);
  descriptors.ss.out_companion.wBytesPerInterval = descriptors.ss.out.wMaxPacketSize;
}

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

// ---- Configuration ------------------------------------------------------------------------------

// Odd while a host has the device configured. Every configuration changes the number.
static atomic_uint configuration;

static bool is_enabled(void) { return configuration & 1; }

static void wait_enabled(void) {
  while (!is_enabled()) sleep_ms(2);
}

// ---- A pipe: requests in flight on one endpoint, completed in order -----------------------------

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
  pthread_mutex_t lock;  // Held to submit and to access the fields below.
  pthread_cond_t started;
  bool stopped;
  unsigned stops;         // Number of stops.
  unsigned stops_minded;  // Stops after which all requests in flight were resubmitted.
};

static void pipe_open(struct pipe *pipe, int fd, uint16_t operation) {
  *pipe = (struct pipe){.fd = fd,
                        .operation = operation,
                        .lock = PTHREAD_MUTEX_INITIALIZER,
                        .started = PTHREAD_COND_INITIALIZER};
  pipe->requests = calloc(DEPTH, sizeof *pipe->requests);
  check(pipe->requests != NULL, "calloc");
  check(syscall(SYS_io_setup, DEPTH, &pipe->context) == 0, "io_setup");
}

static struct request *pipe_request(struct pipe *pipe, unsigned index) {
  return &pipe->requests[index % DEPTH];
}

static unsigned pipe_depth(const struct pipe *pipe) { return pipe->next - pipe->first; }

// Completions arrive in any order; waits for at least `least` of them.
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

static void submit(struct pipe *pipe, struct request *request) {
  request->pending = true;
  struct iocb *iocbs[] = {&request->iocb};
  check(syscall(SYS_io_submit, pipe->context, 1, iocbs) == 1, "io_submit");
}

// If the pipe is or was stopped, the request fails immediately, as earlier requests did.
static void pipe_submit(struct pipe *pipe, unsigned index, void *data) {
  struct request *request = pipe_request(pipe, index);
  request->iocb = (struct iocb){.aio_data = index % DEPTH,
                                .aio_lio_opcode = pipe->operation,
                                .aio_fildes = (uint32_t)pipe->fd,
                                .aio_buf = (uintptr_t)data,
                                .aio_nbytes = request->length};
  pthread_mutex_lock(&pipe->lock);
  if (pipe->stopped || pipe->stops != pipe->stops_minded)
    request->result = -ECANCELED;
  else
    submit(pipe, request);
  pthread_mutex_unlock(&pipe->lock);
}

// Resubmits failed requests in order. Requests fail while no host has the device configured, when the
// configuration ends, and when the pipe is stopped. The kernel does not report how much of the first one
// the host received, so the host may see up to one request's bytes twice. (If a host only cancels its own
// transfers, no request fails: the request waits for the host's next transfer.)
static void pipe_resubmit(struct pipe *pipe) {
  for (unsigned i = pipe->first; i != pipe->next; i++)
    while (pipe_request(pipe, i)->pending) pipe_collect(pipe, 1);
  wait_enabled();
  sleep_ms(2);
  pthread_mutex_lock(&pipe->lock);
  while (pipe->stopped) pthread_cond_wait(&pipe->started, &pipe->lock);
  pipe->stops_minded = pipe->stops;
  for (unsigned i = pipe->first; i != pipe->next; i++) {
    if (pipe_request(pipe, i)->result >= 0)
      log_line("ORDER LOST: a request succeeded after a failed one");
    submit(pipe, pipe_request(pipe, i));
  }
  pthread_mutex_unlock(&pipe->lock);
}

// Cancels the requests in flight, newest first, so that none overtakes a cancelled one.
static void pipe_stop(struct pipe *pipe) {
  pthread_mutex_lock(&pipe->lock);
  pipe->stopped = true;
  pipe->stops++;
  struct io_event event;
  // For a request that is not in flight, io_cancel returns an error.
  for (unsigned i = 1; i <= DEPTH; i++)
    syscall(SYS_io_cancel, pipe->context, &pipe_request(pipe, pipe->next - i)->iocb, &event);
  pthread_mutex_unlock(&pipe->lock);
}

static void pipe_start(struct pipe *pipe) {
  pthread_mutex_lock(&pipe->lock);
  pipe->stopped = false;
  pthread_cond_signal(&pipe->started);
  pthread_mutex_unlock(&pipe->lock);
}

// Waits for the oldest request, until it succeeds, and returns it.
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

// The endpoint as the host sees it at the current speed; wMaxPacketSize is the packet size alone.
static struct usb_endpoint_descriptor pipe_descriptor(const struct pipe *pipe) {
  struct usb_endpoint_descriptor descriptor;
  for (;;) {
    wait_enabled();
    if (ioctl(pipe->fd, FUNCTIONFS_ENDPOINT_DESC, &descriptor) == 0) {
      descriptor.wMaxPacketSize &= 0x7ff;
      return descriptor;
    }
    sleep_ms(2);
  }
}

// ---- Rates --------------------------------------------------------------------------------------

struct pace {
  uint64_t rate;  // Bytes per second; 0: no limit.
  uint64_t due;   // Time at which the next bytes may be sent.
};

static void pace_wait(struct pace *pace, size_t length) {
  uint64_t now = now_ns();
  if (pace->due < now) pace->due = now;
  sleep_until(pace->due);
  pace->due += (uint64_t)length * NS_PER_S / pace->rate;
}

// ---- The IN endpoint ----------------------------------------------------------------------------

static struct pipe in;
static uint64_t stream;  // Bytes of the stream handed to the endpoint.
static struct pace pace;
static bool start_by_request;

// Waits until the host has received everything.
static void drain(void) {
  while (pipe_depth(&in) > 0) pipe_take(&in);
}

// Bytes of one request: many, but few at a low rate, for an even flow, or if the host may stop the
// stream.
static size_t chunk_size(void) {
  if (!start_by_request && (pace.rate == 0 || pace.rate / 64 >= BUFFER)) return BUFFER;
  size_t packet = pipe_descriptor(&in).wMaxPacketSize;
  size_t packets = start_by_request ? 1 : pace.rate / 64 / packet;
  return packet * (packets > 0 ? packets : 1);
}

static void keep_rate(size_t length) {
  if (pace.rate == 0) return;
  drain();  // If the host did not read for a while, it receives no burst afterwards.
  pace_wait(&pace, length);
}

// The next free request.
static struct request *free_request(size_t length) {
  while (pipe_depth(&in) >= DEPTH) pipe_take(&in);
  struct request *request = pipe_request(&in, in.next);
  request->length = length;
  return request;
}

static void send_request(size_t length) {
  struct request *request = free_request(length);
  // Start with the number that contains the current byte; the request starts within it.
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

#define STATUS_BYTES 2

// Pseudo-random (xorshift).
static uint32_t next_random(void) {
  static uint32_t state = 1;
  state ^= state << 13;
  state ^= state >> 17;
  state ^= state << 5;
  return state;
}

// Writes a packet with this many bytes of the stream; returns its length.
static size_t frame(unsigned char *packet, size_t payload) {
  packet[0] = 0x01;
  packet[1] = 0x60;
  for (size_t i = 0; i < payload; i++, stream++)
    packet[STATUS_BYTES + i] = (unsigned char)((uint32_t)(stream / 4) >> stream % 4 * 8);
  return STATUS_BYTES + payload;
}

static void send_framed(uint64_t most) {
  uint64_t left = next_random() % (most + 1);
  size_t packet = pipe_descriptor(&in).wMaxPacketSize;
  for (bool ended = false; !ended;) {
    struct request *request = free_request(0);
    while (request->length + packet <= BUFFER && !ended) {
      size_t payload = left < packet - STATUS_BYTES ? (size_t)left : packet - STATUS_BYTES;
      request->length += frame((unsigned char *)request->buffer + request->length, payload);
      left -= payload;
      ended = payload < packet - STATUS_BYTES;
    }
    pipe_submit(&in, in.next++, request->buffer);
  }
}

// The bytes after a stamp have no defined value.
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

// Detects the end of a halt on the bus, because FunctionFS does not report it: waits until the host's
// request CLEAR_FEATURE(ENDPOINT_HALT) to this endpoint completes, as usbmon shows it: lines of a tag, a
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
  // Reading from an IN endpoint makes FunctionFS halt it. This fails (EAGAIN) while the controller still
  // has a packet for the host.
  char byte;
  while (read(in.fd, &byte, 1) < 0 && errno != EBADMSG) {
    check(errno == EAGAIN, "halt");
    sleep_ms(1);
  }
  log_line("halted");
  wait_halt_cleared(monitor, configured, request);
  log_line("halt cleared");
  close(monitor);
}

static void silence(uint64_t ms) {
  drain();
  while (ms == FOREVER) pause();
  sleep_ms(ms);
}

// Bytes of an earlier run, as in the buffer of a device.
static void send_stale(uint64_t size) {
  while (size > 0) {
    size_t length = size < BUFFER ? (size_t)size : BUFFER;
    struct request *request = free_request(length);
    memset(request->buffer, 0xff, length);
    pipe_submit(&in, in.next++, request->buffer);
    size -= length;
  }
}

static atomic_uint_least64_t awaited = FOREVER;

static void await_request(uint64_t value) {
  while (awaited != value) sleep_ms(2);
}

static void hang(void) {
  drain();
  unsigned configured = configuration;
  log_line("hangs");
  while (configuration == configured || !is_enabled()) sleep_ms(2);
  log_line("was reset");
}

// ---- The OUT endpoint ---------------------------------------------------------------------------

static struct pipe out;
static struct pace out_pace;
static int sink = -1, account_file = -1;
static FILE *messages;
static uint64_t accept_size = FOREVER, take_size = FOREVER, pause_ms = FOREVER;

static struct {
  atomic_uint_least64_t bytes;
  uint32_t crc;
  uint64_t messages;
  uint64_t open;  // Bytes of the incomplete message.
} taken;

// The CRC-32 of zlib and gzip, of the previous data and these bytes.
static uint32_t crc32(uint32_t crc, const unsigned char *bytes, size_t length) {
  static uint32_t table[256];
  if (table[1] == 0)
    for (uint32_t i = 0; i < 256; i++) {
      uint32_t entry = i;
      for (int bit = 0; bit < 8; bit++) entry = entry >> 1 ^ (entry & 1 ? 0xedb88320 : 0);
      table[i] = entry;
    }
  crc = ~crc;
  for (size_t i = 0; i < length; i++) crc = crc >> 8 ^ table[(crc ^ bytes[i]) & 0xff];
  return ~crc;
}

// One write of constant length, so that a reader never sees a part of it.
static void keep_account(bool settled) {
  char line[160];
  snprintf(line, sizeof line,
           "{\"bytes\":%" PRIu64 ",\"crc32\":\"%08" PRIx32 "\",\"messages\":%" PRIu64
           ",\"open\":%" PRIu64 ",\"settled\":%s}",
           taken.bytes, taken.crc, taken.messages, taken.open, settled ? "true" : "false");
  if (settled) log_line("OUT %s", line);
  size_t length = strlen(line);
  memset(line + length, ' ', sizeof line - length);
  line[sizeof line - 1] = '\n';
  if (account_file >= 0)
    check(pwrite(account_file, line, sizeof line, 0) == sizeof line, "account");
}

static void account_packet(const struct request *request) {
  size_t length = (size_t)request->result;
  taken.crc = crc32(taken.crc, (const unsigned char *)request->buffer, length);
  if (sink >= 0) check(write(sink, request->buffer, length) == request->result, "sink");
  taken.open += length;
  if (length < request->length) {
    if (messages) fprintf(messages, "%" PRIu64 "\n", taken.open);
    taken.messages++;
    taken.open = 0;
  }
  taken.bytes += length;
}

// Updates the account before it waits for the host, and when requests fail. Completions are in order, so
// when a request has failed, all data of the host's transfers is counted.
static void wait_packet(void) {
  struct request *request = pipe_request(&out, out.first);
  if (request->pending) pipe_collect(&out, 0);
  if (request->pending) keep_account(false);
  while (request->pending) pipe_collect(&out, 1);
  if (request->result < 0) keep_account(true);
}

static void halt_out(void) {
  // Writing to an OUT endpoint makes FunctionFS halt it.
  check(write(out.fd, "", 1) < 0 && errno == EBADMSG, "halt OUT");
  log_line("OUT halted after %" PRIu64 " bytes", taken.bytes);
  accept_size = FOREVER;
}

static void stop_taking(void) {
  log_line("OUT accepts no more");
  keep_account(true);
  while (pause_ms == FOREVER) pause();
  sleep_ms(pause_ms);
  log_line("OUT continues");
  take_size = FOREVER;
}

// One request for each packet, full or short, and many requests to sustain the rate; but never more than
// the device may accept.
static void *receive(void *argument) {
  (void)argument;
  size_t packet = pipe_descriptor(&out).wMaxPacketSize;
  unsigned depth = out_pace.rate > 0 ? 1 : DEPTH;
  for (;;) {
    uint64_t limit = accept_size < take_size ? accept_size : take_size;
    while (pipe_depth(&out) < depth && taken.bytes + pipe_depth(&out) * packet < limit) {
      struct request *request = pipe_request(&out, out.next);
      request->length = packet;
      if (out_pace.rate > 0) pace_wait(&out_pace, packet);
      pipe_submit(&out, out.next++, request->buffer);
    }
    if (pipe_depth(&out) > 0) {
      wait_packet();
      account_packet(pipe_take(&out));
    }
    if (taken.bytes >= accept_size) halt_out();
    if (taken.bytes >= take_size) stop_taking();
  }
  return NULL;
}

// ---- Control requests and events ----------------------------------------------------------------

#define KEPT_BYTES 64

static struct {
  unsigned char bytes[KEPT_BYTES];
  size_t length;
} kept;

#define MEMORY_BYTES 4096
static int memory = -1;

static void write_memory(int ep0, off_t address, size_t length) {
  unsigned char bytes[MEMORY_BYTES];
  ssize_t received = read(ep0, bytes, length);
  if (received > 0) check(pwrite(memory, bytes, (size_t)received, address) == received, "memory");
}

// A response in the wrong direction makes FunctionFS stall.
static void stall_request(int ep0, bool to_host) {
  (void)!(to_host ? read(ep0, NULL, 0) : write(ep0, NULL, 0));
}

// Returns when the request is void because something else happened on the bus. A response from unmapped
// memory detects this: it fails before anything is sent.
static void leave_unanswered(int ep0) {
  const void *volatile nowhere = (const void *)1;
  while (write(ep0, nowhere, 1) < 0 && errno == EFAULT) sleep_ms(5);
}

static void answer(int ep0, const struct usb_ctrlrequest *setup) {
  bool to_host = setup->bRequestType & USB_DIR_IN;
  unsigned length = setup->wLength;
  log_line("control: bmRequestType 0x%02x bRequest 0x%02x wValue 0x%04x wIndex 0x%04x wLength %u, "
      "OUT at byte %" PRIu64,
      setup->bRequestType, setup->bRequest, setup->wValue, setup->wIndex, length, taken.bytes);
  bool is_vendor = (setup->bRequestType & USB_TYPE_MASK) == USB_TYPE_VENDOR;
  switch (is_vendor ? setup->bRequest << 8 | to_host : 0) {
    case 0xa000:
      if (memory < 0 || length > MEMORY_BYTES) break;
      write_memory(ep0, setup->wValue, length);
      return;
    case 0x0100:
      if (setup->wValue > 1 || length > 0) break;
      (setup->wValue ? pipe_start : pipe_stop)(&in);
      (void)!read(ep0, NULL, 0);
      return;
    case 0x0200:
      if (length > KEPT_BYTES) break;
      ssize_t received = read(ep0, kept.bytes, length);
      kept.length = received > 0 ? (size_t)received : 0;
      return;
    case 0x0201:
      (void)!write(ep0, kept.bytes, length < kept.length ? length : kept.length);
      return;
    case 0x0400:
      if (length > 0) break;
      awaited = setup->wValue;
      (void)!read(ep0, NULL, 0);
      return;
    case 0x0301:
      if (length == 0) break;
      leave_unanswered(ep0);
      return;
  }
  log_line("stalled");
  stall_request(ep0, to_host);
}

// Waits with poll: a blocking read holds a lock that the kernel (6.1) needs to unbind the device, and
// both would wait for ever.
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
  for (;;) {
    if (!read_event(ep0, &event)) {
      check(errno == EIDRM, "ep0");  // The request is void.
      continue;
    }
    log_line("event: %s", event.type < sizeof names / sizeof *names ? names[event.type] : "?");
    switch (event.type) {
      case FUNCTIONFS_ENABLE:
        configuration += is_enabled() ? 2 : 1;
        break;
      case FUNCTIONFS_DISABLE:
      case FUNCTIONFS_UNBIND:
        if (is_enabled()) configuration++;
        break;
      case FUNCTIONFS_SETUP:
        answer(ep0, &event.u.setup);
        break;
    }
  }
  return NULL;
}

// ---- The script ---------------------------------------------------------------------------------

static void misuse(const char *what) {
  fprintf(stderr, "ffs-device: invalid: %s\n", what);
  exit(2);
}

// Parses a size or a count; NULL gives `absent`.
static uint64_t number(const char *text, uint64_t absent) {
  if (text == NULL) return absent;
  if (strcmp(text, "forever") == 0) return FOREVER;
  char *end;
  uint64_t value = strtoull(text, &end, 10);
  unsigned shift = *end == 'k' ? 10 : *end == 'M' ? 20 : *end == 'G' ? 30 : 0;
  if (end == text || end[shift > 0] != '\0') misuse(text);
  return value << shift;
}

static void leave(void) {
  drain();
  sleep_ms(100);  // The controller buffers up to 64 bytes and does not report it.
  keep_account(true);
  exit(0);
}

struct step {
  char text[80], *verb, *first, *second, *third;
};

static bool is(const struct step *step, const char *verb) { return strcmp(step->verb, verb) == 0; }

// Executes a step, or only checks it. Returns true if the script restarts.
static bool perform(const struct step *step, bool really) {
  uint64_t first = number(step->first, FOREVER), second = number(step->second, FOREVER);
  uint64_t third = number(step->third, FOREVER);
  if (really)
    log_line("%s %s %s at byte %" PRIu64, step->verb, step->first ? step->first : "",
        step->second ? step->second : "", stream);
  if (is(step, "send") && step->first) {
    if (really) send_bytes(first);
  } else if (is(step, "message") && step->first) {
    if (really) send_message(first);
  } else if (is(step, "messages") && step->second) {
    for (uint64_t i = 0; really && i < second; i++) send_message(first);
  } else if (is(step, "framed") && step->second && first < FOREVER) {
    for (uint64_t i = 0; really && i < second; i++) send_framed(first);
  } else if (is(step, "stamps") && step->third && first >= 8 && first <= BUFFER) {
    if (really) send_stamps(first, second, third);
  } else if (is(step, "zlp")) {
    if (really) send_request(0);
  } else if (is(step, "silence")) {
    if (really) silence(first);
  } else if (is(step, "stall")) {
    if (really) stall();
  } else if (is(step, "stale") && step->first) {
    if (really) send_stale(first);
  } else if (is(step, "await") && step->first) {
    if (really) await_request(first);
  } else if (is(step, "hang")) {
    if (really) hang();
  } else if (is(step, "rate") && step->first) {
    if (really) pace.rate = first;
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
    if (step->verb == NULL) misuse("empty step");
    perform(step, false);
  }
  return count;
}

static int created(const char *path) {
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
  check(fd >= 0, path);
  return fd;
}

// Parses the option at `arguments` and its value. Returns the number of these arguments, or 0 if it is no
// option.
static int option(char **arguments) {
  const char *name = arguments[0], *value = arguments[1];
  if (strcmp(name, "--start-by-request") == 0) {
    start_by_request = true;
    return 1;
  }
  if (strcmp(name, "--interrupt-out") == 0) {
    make_out_interrupt();
    return 1;
  }
  if (strncmp(name, "--", 2) != 0) return 0;
  if (value == NULL) misuse(name);
  if (strcmp(name, "--sink") == 0)
    sink = created(value);
  else if (strcmp(name, "--interrupt-in") == 0)
    make_in_interrupt((unsigned)number(value, 1));
  else if (strcmp(name, "--account") == 0)
    account_file = created(value);
  else if (strcmp(name, "--messages") == 0)
    setlinebuf(messages = fdopen(created(value), "w"));
  else if (strcmp(name, "--memory") == 0)
    memory = created(value);
  else if (strcmp(name, "--accept") == 0)
    accept_size = number(value, FOREVER);
  else if (strcmp(name, "--take") == 0)
    take_size = number(value, FOREVER);
  else if (strcmp(name, "--pause") == 0)
    pause_ms = number(value, FOREVER);
  else if (strcmp(name, "--take-rate") == 0)
    out_pace.rate = number(value, 0);
  else
    misuse(name);
  return 2;
}

int main(int argc, char **argv) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  if (argc < 2) misuse("missing folder");
  const char *folder = argv[1];
  char script[16384] = "";
  for (int i = 2, options; i < argc; i += options > 0 ? options : 1) {
    options = option(&argv[i]);
    if (options > 0) continue;
    if (strlen(script) + strlen(argv[i]) + 2 > sizeof script) misuse("script too long");
    strcat(strcat(script, script[0] ? " " : ""), argv[i]);
  }
  size_t count = parse(script[0] ? script : strcpy(script, "silence"));
  keep_account(false);

  int ep0 = open_in(folder, "ep0", O_RDWR);
  check(write(ep0, &descriptors, sizeof descriptors) == (ssize_t)sizeof descriptors, "descriptors");
  check(write(ep0, &strings, sizeof strings) == (ssize_t)sizeof strings, "strings");
  pipe_open(&in, open_in(folder, "ep1", O_RDWR | O_NONBLOCK), IOCB_CMD_PWRITE);
  pipe_open(&out, open_in(folder, "ep2", O_RDWR | O_NONBLOCK), IOCB_CMD_PREAD);
  in.stopped = start_by_request;

  pthread_t thread;
  check(pthread_create(&thread, NULL, watch_events, &ep0) == 0, "pthread_create");
  wait_enabled();
  check(pthread_create(&thread, NULL, receive, NULL) == 0, "pthread_create");
  for (size_t i = 0; i < count; i++)
    if (perform(&steps[i], true)) i = (size_t)-1;
  silence(FOREVER);
}
