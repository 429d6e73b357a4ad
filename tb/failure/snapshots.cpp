// SPDX-License-Identifier: Apache-2.0
//
// fork(), a pipe to wake the copy by, and the time.
#include "tb/failure/snapshots.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <iostream>

#include "tb/failure/open_files.h"

namespace kilburn::tb {
namespace {

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

}  // namespace

bool Snapshots::look_at_time(arch::u64 cycle, arch::u64 against_cycle) {
  const double start = now();
  if (next_ == 0) next_ = start + seconds_;
  if (start < next_) return false;
  if (copy(cycle, against_cycle)) return true;
  const double end = now();
  next_ = end + std::max(seconds_, (end - start) / kForkShare);
  return false;
}

// True in the copy, once it is woken.
bool Snapshots::copy(arch::u64 cycle, arch::u64 against_cycle) {
  std::fflush(nullptr);
  std::cout.flush();
  std::cerr.flush();
  OpenFiles files;
  int ends[2];
  if (!files.complete() || pipe2(ends, O_CLOEXEC) != 0) {
    seconds_ = 0;  // it would be no better the next time
    return false;
  }
  const pid_t run = getpid();
  const pid_t pid = fork();
  if (pid < 0) {
    ::close(ends[0]);
    ::close(ends[1]);
    return false;
  }
  if (pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != run || !files.take()) _exit(1);
    ::close(ends[1]);
    for (Copy& other : copies_) {
      if (other.order >= 0) ::close(other.order);
      other = {};
    }
    sleep(ends[0]);
    return true;
  }
  ::close(ends[0]);
  end(copies_[0]);
  copies_[0] = copies_[1];
  copies_[1] = {pid, ends[1], cycle, against_cycle};
  ++made_;
  return false;
}

// Until an order comes; ends the process if the run has no more need of it.
void Snapshots::sleep(int order) {
  signal(SIGINT, SIG_IGN);  // goes to the run, which ends its copies
  ssize_t got;
  do {
    got = read(order, &order_, sizeof order_);
  } while (got < 0 && errno == EINTR);
  ::close(order);
  if (got != sizeof order_) _exit(0);
  const int nowhere = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  if (nowhere < 0 || dup2(nowhere, STDOUT_FILENO) < 0 || dup2(nowhere, STDERR_FILENO) < 0) _exit(1);
  ::close(nowhere);
  woken_ = true;
  seconds_ = 0;
}

std::optional<arch::u64> Snapshots::record(const WavesOrder& order) {
  for (Copy* copy : {&copies_[1], &copies_[0]}) {
    if (copy->pid == 0 || (order.against ? copy->against_cycle : copy->cycle) > order.from) continue;
    const pid_t pid = copy->pid;
    const arch::u64 cycle = copy->cycle;
    const bool sent = write(copy->order, &order, sizeof order) == static_cast<ssize_t>(sizeof order);
    ::close(copy->order);
    *copy = {};
    if (!sent) kill(pid, SIGKILL);
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    if (!sent || !WIFEXITED(status) || WEXITSTATUS(status) != 0) return std::nullopt;
    return cycle;
  }
  return std::nullopt;
}

void Snapshots::end(Copy& copy) {
  if (copy.pid == 0) return;
  ::close(copy.order);
  kill(copy.pid, SIGKILL);
  while (waitpid(copy.pid, nullptr, 0) < 0 && errno == EINTR) {
  }
  copy = {};
}

void Snapshots::end() {
  if (woken_) return;
  for (Copy& copy : copies_) end(copy);
}

}  // namespace kilburn::tb
