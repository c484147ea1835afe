#pragma once
// System calls that Swift's Glibc overlay does not carry.
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <linux/futex.h>
#include <unistd.h>
#include <errno.h>

/// accept4(2): the flags need _GNU_SOURCE, which Swift's importer does not define.
int accept4(int socket, struct sockaddr *address, socklen_t *length, int flags);
