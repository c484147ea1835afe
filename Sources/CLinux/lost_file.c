#include "CLinux.h"
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

// All of this runs in a signal handler: system calls alone, no memory but this.
static char line[8192];

static int digit(char character) {
  return character >= '0' && character <= '9' ? character - '0'
         : character >= 'a' && character <= 'f' ? character - 'a' + 10 : -1;
}

/// Reads hexadecimal digits, and moves behind them.
static uintptr_t number(const char **text) {
  uintptr_t value = 0;
  for (int next; (next = digit(**text)) >= 0; ++*text) value = value * 16 + (uintptr_t)next;
  return value;
}

/// The path in a line of /proc/self/maps (proc(5)) whose range has `address`; null in other lines.
static const char *path_at(const char *text, uintptr_t address) {
  uintptr_t start = number(&text);
  if (*text++ != '-' || address < start || address >= number(&text)) return NULL;
  return strchr(text, '/');
}

static const char *path_of(uintptr_t address) {
  int maps = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
  if (maps < 0) return NULL;
  size_t used = 0;
  char byte;
  while (read(maps, &byte, 1) == 1) {
    if (byte != '\n') {
      if (used < sizeof line - 1) line[used++] = byte;
      continue;
    }
    line[used] = 0;
    used = 0;
    const char *path = path_at(line, address);
    if (path) {
      close(maps);
      return path;
    }
  }
  close(maps);
  return NULL;
}

static void say(const char *text) {
  // Nobody may be reading.
  struct pollfd output = {.fd = STDERR_FILENO, .events = POLLOUT};
  if (poll(&output, 1, 0) == 1 && write(STDERR_FILENO, text, strlen(text)) < 0) return;
}

static void tell(int signal_number, siginfo_t *info, void *context) {
  static atomic_flag told = ATOMIC_FLAG_INIT;
  (void)context;
  // Another thread is about to end the process.
  while (atomic_flag_test_and_set(&told)) pause();
  const char *path = path_of((uintptr_t)info->si_addr);
  say("\nFatal: ");
  say(path ? path : "memory");
  say(" was cut short while it was in use, or cannot be read. Put the file back, and start again.\n");
  signal(signal_number, SIG_DFL);
  raise(signal_number);
}

void explain_lost_files(void) {
  struct sigaction action = {.sa_sigaction = tell, .sa_flags = SA_SIGINFO};
  sigemptyset(&action.sa_mask);
  sigaction(SIGBUS, &action, NULL);
}
