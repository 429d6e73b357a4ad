// SPDX-License-Identifier: Apache-2.0
//
// Forking, limits, process groups. A run is the leader of a group of its own; whatever it started goes with it: when
// it ends, when its time is over, and when this process is killed.
#include "tb/regress/local_launcher.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <iostream>

#include "tb/errors.h"
#include "tb/regress/files.h"

namespace kilburn::regress {
namespace fs = std::filesystem;
using tb::EnvironmentError;

namespace {

// In a run whose runner is gone: ends the run's whole group, itself included.
void end_own_group(int) { ::kill(0, SIGKILL); }

void limit(int resource, rlim_t soft, rlim_t hard) {
  const rlimit wanted{soft, hard};
  ::setrlimit(static_cast<__rlimit_resource>(resource), &wanted);
}

void open_as(const fs::path& file, int flags, int descriptor) {
  const int opened = ::open(file.c_str(), flags, 0666);
  if (opened < 0) ::_exit(3);
  ::dup2(opened, descriptor);
  ::close(opened);
}

}  // namespace

LocalLauncher::LocalLauncher(std::size_t slots, RunBody body, std::chrono::milliseconds grace)
    : slots_(slots), body_(std::move(body)), grace_(grace) {}

LocalLauncher::~LocalLauncher() { stop(); }

void LocalLauncher::start(const Launch& launch) {
  std::error_code ec;
  if (!fs::create_directory(launch.folder, ec)) {
    fs::remove_all(launch.folder, ec);  // what a run left that never ended
    make_folder(launch.folder);
  }
  // A child must not print again what waits in our buffers.
  std::cout.flush();
  std::cerr.flush();
  std::fflush(nullptr);
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) throw EnvironmentError(std::string("no process can be started: ") + std::strerror(errno));
  if (pid == 0) child(launch, parent);
  ::setpgid(pid, pid);  // here and in the child: whoever comes first
  const auto now = Clock::now();
  const auto allowed = std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(launch.time_limit));
  running_[pid] = {launch.ticket, now, now + allowed, false};
}

void LocalLauncher::child(const Launch& launch, pid_t parent) {
  ::setpgid(0, 0);
  struct sigaction action {};
  action.sa_handler = end_own_group;
  ::sigaction(SIGUSR1, &action, nullptr);
  ::prctl(PR_SET_PDEATHSIG, SIGUSR1);
  if (::getppid() != parent) ::_exit(3);  // it died before the line above
  open_as("/dev/null", O_RDONLY, 0);
  open_as(launch.folder / "stdout.txt", O_WRONLY | O_CREAT | O_TRUNC, 1);
  open_as(launch.folder / "stderr.txt", O_WRONLY | O_CREAT | O_TRUNC, 2);
  limit(RLIMIT_CORE, 0, 0);
#ifndef __SANITIZE_ADDRESS__  // whose shadow memory is terabytes
  limit(RLIMIT_DATA, static_cast<rlim_t>(launch.memory_limit) << 20, static_cast<rlim_t>(launch.memory_limit) << 20);
#endif
  // A second guard, for a runner that is stopped and cannot watch the time.
  const auto seconds = static_cast<rlim_t>(std::ceil(launch.time_limit)) + 1;
  limit(RLIMIT_CPU, seconds, seconds + 2);
  signals_.restore();
  const int status = body_(launch.words, launch.folder);
  std::cout.flush();
  std::cerr.flush();
  std::fflush(nullptr);
  ::_exit(status);  // the parent's destructors and exit handlers are not ours
}

std::optional<Finished> LocalLauncher::reap() {
  while (true) {
    siginfo_t info{};
    // Not reaped yet: as long as the leader is a zombie, no other group can have its number.
    if (::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == 0) return std::nullopt;
    const pid_t pid = info.si_pid;
    const auto found = running_.find(pid);
    if (found != running_.end()) ::kill(-pid, SIGKILL);
    int status = 0;
    rusage usage{};
    ::wait4(pid, &status, 0, &usage);
    if (found == running_.end()) continue;
    Finished finished;
    finished.ticket = found->second.ticket;
    finished.ended.status = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
    finished.ended.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    finished.ended.timed_out = found->second.timed_out;
    finished.ended.seconds = std::chrono::duration<double>(Clock::now() - found->second.started).count();
    finished.ended.peak_memory = static_cast<u64>(usage.ru_maxrss);
    running_.erase(found);
    return finished;
  }
}

void LocalLauncher::end_overdue() {
  const auto now = Clock::now();
  for (auto& [pid, run] : running_) {
    if (now < run.limit) continue;
    if (!run.timed_out) {
      run.timed_out = true;
      run.limit = now + grace_;
      ::kill(-pid, SIGTERM);
    } else {
      ::kill(-pid, SIGKILL);
      run.limit = now + grace_;
    }
  }
}

void LocalLauncher::sleep_until_something(Clock::duration longest) {
  const auto now = Clock::now();
  for (const auto& [pid, run] : running_) longest = std::min(longest, run.limit - now);
  signals_.wait(longest);
}

std::optional<Finished> LocalLauncher::wait() {
  while (!running_.empty()) {
    // Looked at first: with short tests there is always one more that has ended.
    sleep_until_something(Clock::duration::zero());
    if (stop_asked()) break;
    if (auto finished = reap()) return finished;
    end_overdue();
    sleep_until_something(std::chrono::hours(1));
  }
  return std::nullopt;
}

void LocalLauncher::stop() {
  for (const auto& [pid, run] : running_) ::kill(-pid, SIGTERM);
  const auto patience = Clock::now() + grace_;
  while (!running_.empty()) {
    while (reap()) {
    }
    if (running_.empty()) break;
    if (Clock::now() >= patience) {
      for (const auto& [pid, run] : running_) ::kill(-pid, SIGKILL);
    }
    sleep_until_something(std::chrono::milliseconds(100));
  }
}

}  // namespace kilburn::regress
