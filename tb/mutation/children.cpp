// SPDX-License-Identifier: Apache-2.0
//
// Forks, pipes, time limits.
#include "tb/mutation/children.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>
#include <iostream>

#include "tb/errors.h"

namespace kilburn::mutation {
namespace {

using Clock = std::chrono::steady_clock;

struct Child {
  std::size_t n;
  pid_t pid;
  int pipe;
  Clock::time_point limit;
  bool overdue = false;
  std::string text;
};

constexpr int kFailed = 3;

[[noreturn]] void be_child(std::size_t n, int pipe, pid_t parent,
                           const std::function<void(std::size_t, const Tell&)>& work) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(kFailed);  // it died before the line above
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
  const Tell tell = [pipe](const std::string& line) {
    const std::string text = line + "\n";
    for (std::size_t done = 0; done < text.size();) {
      const ssize_t wrote = ::write(pipe, text.data() + done, text.size() - done);
      if (wrote < 0 && errno != EINTR) ::_exit(kFailed);
      if (wrote > 0) done += static_cast<std::size_t>(wrote);
    }
  };
  int status = 0;
  try {
    work(n, tell);
  } catch (const std::exception& e) {
    tell(e.what());
    status = kFailed;
  }
  ::_exit(status);  // the parent's destructors and exit handlers are not ours
}

Child start(std::size_t n, std::chrono::seconds limit, const std::function<void(std::size_t, const Tell&)>& work) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw tb::EnvironmentError(std::string("no pipe: ") + std::strerror(errno));
  std::cout.flush();
  std::cerr.flush();
  std::fflush(nullptr);
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) {
    ::close(ends[0]);
    ::close(ends[1]);
    throw tb::EnvironmentError(std::string("no process can be started: ") + std::strerror(errno));
  }
  if (pid == 0) {
    ::close(ends[0]);
    be_child(n, ends[1], parent, work);
  }
  ::close(ends[1]);
  return {n, pid, ends[0], Clock::now() + limit, false, {}};
}

// False at the end of what the child says.
bool listen(Child& child) {
  char text[4096];
  const ssize_t got = ::read(child.pipe, text, sizeof text);
  if (got < 0) return errno == EINTR;
  child.text.append(text, static_cast<std::size_t>(got));
  return got != 0;
}

Ended bury(Child& child) {
  ::close(child.pipe);
  int status = 0;
  while (::waitpid(child.pid, &status, 0) < 0 && errno == EINTR) {
  }
  Ended ended;
  ended.text = std::move(child.text);
  if (child.overdue) {
    ended.how = Ended::How::hung;
  } else if (WIFSIGNALED(status)) {
    ended.how = Ended::How::crashed;
    ended.signal = WTERMSIG(status);
  } else if (WEXITSTATUS(status) != 0) {
    ended.how = Ended::How::failed;
  }
  return ended;
}

// However the work ends here, no child stays.
struct Children {
  std::vector<Child> list;
  ~Children() {
    for (Child& child : list) {
      ::kill(child.pid, SIGKILL);
      bury(child);
    }
  }
};

}  // namespace

void in_children(std::size_t count, std::size_t jobs, std::chrono::seconds limit,
                 const std::function<void(std::size_t, const Tell&)>& work,
                 const std::function<void(std::size_t, const Ended&)>& ended) {
  Children children;
  std::size_t next = 0;
  while (next < count || !children.list.empty()) {
    while (next < count && children.list.size() < jobs) children.list.push_back(start(next++, limit, work));
    std::vector<pollfd> pipes;
    for (const Child& child : children.list) pipes.push_back({child.pipe, POLLIN, 0});
    constexpr int kPatience = 200;  // milliseconds
    if (::poll(pipes.data(), pipes.size(), kPatience) < 0 && errno != EINTR) {
      throw tb::EnvironmentError(std::string("poll: ") + std::strerror(errno));
    }
    for (std::size_t n = pipes.size(); n-- > 0;) {
      Child& child = children.list[n];
      if (!child.overdue && Clock::now() > child.limit) {
        child.overdue = true;
        ::kill(child.pid, SIGKILL);
      }
      if (pipes[n].revents == 0 || listen(child)) continue;
      const std::size_t which = child.n;
      const Ended how = bury(child);
      children.list.erase(children.list.begin() + static_cast<std::ptrdiff_t>(n));
      ended(which, how);
    }
  }
}

}  // namespace kilburn::mutation
