// A usbfs in user space, with one device: an LD_PRELOAD library that serves /dev/bus/usb/001/002 to programs
// that use libusb, at the speed of memory or at a set rate. See bench/README.md.
//
// It copies data where the kernel does: out of the program's memory when a transfer is submitted, and into
// it when it is reaped. Only what a bulk stream needs is here; everything else fails with ENOTTY.
//
// Endpoint 0x81 sends, endpoint 0x02 accepts. The environment says how:
//
//   USBFS_RATE=N          bytes per second; by default transfers complete when they are submitted
//   USBFS_MESSAGES=N/MS   endpoint 0x81 sends a message of N bytes every MS milliseconds. Its first 8
//                         bytes are the CLOCK_MONOTONIC time at which it was sent, in nanoseconds
//
// A program sees a completed transfer when it can write to the descriptor. The descriptor is an eventfd that
// counts down from the largest value: it is writable unless its counter has that value. Each completion
// reads 1, and each reaped transfer writes 1.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/usbdevice_fs.h>
#include <pthread.h>
#include <sched.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define DEVICE "/dev/bus/usb/001/002"
#define IN 0x81
#define MAX_URBS 4096
// What the device sends, and where what it receives goes: larger than most caches.
#define MEMORY (64 * 1024 * 1024)
#define MAX_TRANSFER MEMORY

typedef struct usbdevfs_urb Urb;

// First in, first out.
typedef struct {
  Urb *urbs[MAX_URBS];
  unsigned first, count;
} Queue;

// Held during each ioctl, including its copying, as the kernel holds the lock of the device.
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static bool spins;
static pthread_cond_t submitted = PTHREAD_COND_INITIALIZER;
static Queue pending[2], completed;  // pending: OUT and IN
static int device = -1;
static unsigned char *memory;
static size_t position;
static double rate;
static size_t message_size;
static long message_interval_ms;

static int (*next_ioctl)(int, unsigned long, ...);
static int (*next_open)(const char *, int, ...);
static int (*next_close)(int);

// Waits for the lock without sleeping while another processor can release it, as the kernel's mutex does.
static void lock_device(void) {
  for (int i = 0; spins && i < 20000; i++) {
    if (pthread_mutex_trylock(&lock) == 0) return;
    __builtin_ia32_pause();
  }
  pthread_mutex_lock(&lock);
}

static void put(Queue *queue, Urb *urb) {
  queue->urbs[(queue->first + queue->count++) % MAX_URBS] = urb;
}

static Urb *take(Queue *queue) {
  Urb *urb = queue->urbs[queue->first];
  queue->first = (queue->first + 1) % MAX_URBS;
  queue->count--;
  return urb;
}

// Removes an URB from any place. Returns whether it was there.
static bool discard(Queue *queue, const Urb *urb) {
  bool found = false;
  for (unsigned i = 0, count = queue->count; i < count; i++) {
    Urb *one = take(queue);
    if (one == urb)
      found = true;
    else
      put(queue, one);
  }
  return found;
}

static Queue *pending_of(const Urb *urb) { return &pending[(urb->endpoint & 0x80) != 0]; }

// Makes the descriptor writable. Called without the lock: this wakes the program, which then takes the lock.
static void signal_completion(void) {
  uint64_t one;
  if (read(device, &one, sizeof one) != sizeof one && errno != EBADF) abort();  // EBADF: it was closed
}

// The program may reap a transfer before its completion is signalled.
static void signal_reaped(void) {
  uint64_t one = 1;
  while (write(device, &one, sizeof one) != sizeof one) sched_yield();
}

// Requires a call of `signal_completion` after the lock is released.
static void complete(Urb *urb, int status, int length) {
  urb->status = status;
  urb->actual_length = length;
  put(&completed, urb);
}

// Returns the next bytes of the device's memory, which it reads or writes from start to end, again and again.
static unsigned char *next_memory(size_t length) {
  if (position + length > MEMORY) position = 0;
  position += length;
  return memory + position - length;
}

static void sleep_until(uint64_t ns) {
  struct timespec t = {(time_t)(ns / 1000000000), (long)(ns % 1000000000)};
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR) continue;
}

static uint64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

// The device with a set rate: takes the oldest transfer of an endpoint, and completes it when the time of
// its bytes is over. A transfer that comes late delays those after it.
static void *stream(void *argument) {
  Queue *queue = argument;
  uint64_t free_at = 0;
  for (;;) {
    pthread_mutex_lock(&lock);
    while (queue->count == 0) pthread_cond_wait(&submitted, &lock);
    Urb *urb = queue->urbs[queue->first];
    uint64_t now = now_ns();
    if (free_at < now) free_at = now;
    free_at += (uint64_t)((double)urb->buffer_length / rate * 1e9);
    pthread_mutex_unlock(&lock);
    sleep_until(free_at);
    pthread_mutex_lock(&lock);
    bool is_pending = queue->count > 0 && queue->urbs[queue->first] == urb;
    if (is_pending) {
      take(queue);
      complete(urb, 0, urb->buffer_length);
    }
    pthread_mutex_unlock(&lock);
    if (is_pending) signal_completion();
  }
  return NULL;
}

static void *send_messages(void *argument) {
  Queue *queue = argument;
  for (uint64_t due = now_ns();; due += (uint64_t)message_interval_ms * 1000000) {
    sleep_until(due);
    pthread_mutex_lock(&lock);
    bool is_pending = queue->count > 0;
    if (is_pending) {
      Urb *urb = take(queue);
      uint64_t now = now_ns();
      if (urb->buffer_length >= (int)sizeof now) memcpy(urb->buffer, &now, sizeof now);
      complete(urb, 0, (int)message_size < urb->buffer_length ? (int)message_size : urb->buffer_length);
    }
    pthread_mutex_unlock(&lock);
    if (is_pending) signal_completion();
  }
  return NULL;
}

static void start_thread(void *(*body)(void *), Queue *queue) {
  pthread_t thread;
  if (pthread_create(&thread, NULL, body, queue) != 0) abort();
  pthread_detach(thread);
}

static void start_device(void) {
  cpu_set_t processors;
  spins = sched_getaffinity(0, sizeof processors, &processors) == 0 && CPU_COUNT(&processors) > 1;
  const char *text = getenv("USBFS_RATE");
  rate = text == NULL ? 0 : strtod(text, NULL);
  text = getenv("USBFS_MESSAGES");
  if (text != NULL && sscanf(text, "%zu/%ld", &message_size, &message_interval_ms) != 2) abort();
  memory = mmap(NULL, MEMORY, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
  if (memory == MAP_FAILED) abort();
  if (message_size > 0)
    start_thread(send_messages, &pending[1]);
  else if (rate > 0)
    for (int i = 0; i < 2; i++) start_thread(stream, &pending[i]);
}

static int open_device(void) {
  if (device >= 0) {
    errno = EBUSY;
    return -1;
  }
  device = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK | EFD_SEMAPHORE);
  uint64_t largest = UINT64_MAX - 1;
  if (write(device, &largest, sizeof largest) != sizeof largest) abort();
  if (memory == NULL) start_device();
  return device;
}

static int submit(Urb *urb) {
  bool in = (urb->endpoint & 0x80) != 0;
  size_t length = (size_t)urb->buffer_length;
  if (urb->type != USBDEVFS_URB_TYPE_BULK || length > MAX_TRANSFER) {
    errno = EINVAL;
    return -1;
  }
  if (pending[0].count + pending[1].count + completed.count >= MAX_URBS) {
    errno = ENOMEM;
    return -1;
  }
  if (!in) memcpy(next_memory(length), urb->buffer, length);
  if (rate > 0 || (in && message_size > 0)) {
    put(pending_of(urb), urb);
    pthread_cond_broadcast(&submitted);
  } else {
    complete(urb, 0, (int)length);
  }
  return 0;
}

static int reap(Urb **urb) {
  if (completed.count == 0) {
    errno = EAGAIN;
    return -1;
  }
  *urb = take(&completed);
  size_t length = (size_t)(*urb)->actual_length;
  if ((*urb)->endpoint == IN && message_size == 0) memcpy((*urb)->buffer, next_memory(length), length);
  return 0;
}

static int handle(unsigned long request, void *argument) {
  switch (request) {
    case USBDEVFS_SUBMITURB:
      return submit(argument);
    case USBDEVFS_REAPURBNDELAY:
      return reap(argument);
    case USBDEVFS_DISCARDURB:
      if (!discard(pending_of(argument), argument)) {
        errno = EINVAL;
        return -1;
      }
      complete(argument, -ENOENT, 0);
      return 0;
    case USBDEVFS_GET_CAPABILITIES:
      *(uint32_t *)argument = USBDEVFS_CAP_ZERO_PACKET | USBDEVFS_CAP_NO_PACKET_SIZE_LIM |
                              USBDEVFS_CAP_BULK_SCATTER_GATHER | USBDEVFS_CAP_REAP_AFTER_DISCONNECT;
      return 0;
    case USBDEVFS_GET_SPEED:
      return 5;  // SuperSpeed, as USB_SPEED_SUPER in linux/usb/ch9.h
    case USBDEVFS_GETDRIVER:
      errno = ENODATA;
      return -1;
    case USBDEVFS_CLAIMINTERFACE:
    case USBDEVFS_RELEASEINTERFACE:
    case USBDEVFS_SETINTERFACE:
    case USBDEVFS_CLEAR_HALT:
      return 0;
    default:
      errno = ENOTTY;
      return -1;
  }
}

__attribute__((constructor)) static void find_next(void) {
  next_ioctl = dlsym(RTLD_NEXT, "ioctl");
  next_open = dlsym(RTLD_NEXT, "open64");
  next_close = dlsym(RTLD_NEXT, "close");
}

int ioctl(int fd, unsigned long request, ...) {
  va_list arguments;
  va_start(arguments, request);
  void *argument = va_arg(arguments, void *);
  va_end(arguments);
  if (fd < 0 || fd != device) return next_ioctl(fd, request, argument);
  lock_device();
  unsigned completed_before = completed.count;
  int result = handle(request, argument);
  unsigned completions = completed.count - completed_before;
  pthread_mutex_unlock(&lock);
  if (completions == 1) signal_completion();
  if (request == USBDEVFS_REAPURBNDELAY && result == 0) signal_reaped();
  return result;
}

int open64(const char *path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  mode_t mode = va_arg(arguments, mode_t);
  va_end(arguments);
  // Only for a program that would write to it: the descriptors come from sysfs.
  if ((flags & O_ACCMODE) == O_RDWR && strcmp(path, DEVICE) == 0) return open_device();
  return next_open(path, flags, mode);
}

int open(const char *path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  mode_t mode = va_arg(arguments, mode_t);
  va_end(arguments);
  return open64(path, flags, mode);
}

int close(int fd) {
  if (fd >= 0 && fd == device) {
    pthread_mutex_lock(&lock);
    device = -1;
    pending[0].count = pending[1].count = completed.count = 0;
    pthread_mutex_unlock(&lock);
  }
  return next_close(fd);
}

// What open becomes in programs that are compiled with _FORTIFY_SOURCE.
int __open_2(const char *path, int flags);
int __open_2(const char *path, int flags) { return open64(path, flags, 0); }
