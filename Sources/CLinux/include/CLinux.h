#pragma once
// System calls that Swift's Glibc overlay does not carry.
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <malloc.h>
#include <linux/futex.h>
#include <unistd.h>
#include <errno.h>

/// accept4(2): the flags need _GNU_SOURCE, which Swift's importer does not define.
int accept4(int socket, struct sockaddr *address, socklen_t *length, int flags);

/// Sleeps until the word is woken, unless it is no longer `expected` (futex(2), FUTEX_WAIT). May return early.
static inline void futex_wait(const void *word, unsigned int expected) {
  syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, expected, (void *)0, (void *)0, 0);
}

/// Wakes at most `count` threads that sleep on the word (futex(2), FUTEX_WAKE).
static inline void futex_wake(const void *word, int count) {
  syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, count, (void *)0, (void *)0, 0);
}

/// Has SIGBUS name the mapped file that was cut short, or cannot be read, on standard error before it ends the process.
void explain_lost_files(void);

/// Lets others go before the calling thread, by so many steps (setpriority(2), which is of a thread on Linux). Threads that
/// it starts are like it.
static inline void lower_priority(int steps) { setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0) + steps); }
