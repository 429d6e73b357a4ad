// SPDX-License-Identifier: Apache-2.0
//
// Forked runs: status, output, limits, and that nothing outlives its run, its limit or its runner.
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <iostream>
#include <thread>

#include "tb/regress/files.h"
#include "tb/regress/local_launcher.h"
#include "tests/catch.h"
#include "tests/folder.h"

using namespace kilburn::regress;
using kilburn::test::contents;
using kilburn::test::ScratchFolder;
using namespace std::chrono_literals;

namespace {

// A zombie that nobody has collected yet is dead.
bool alive(pid_t pid) {
  const std::string stat = contents("/proc/" + std::to_string(pid) + "/stat");
  const auto name_end = stat.rfind(") ");
  return name_end != std::string::npos && stat[name_end + 2] != 'Z';
}

constexpr auto kShortGrace = 200ms;

// Waits for a process that is not our child to be gone.
bool gone_soon(pid_t pid) {
  for (int n = 0; n < 500 && alive(pid); ++n) std::this_thread::sleep_for(10ms);
  return !alive(pid);
}

pid_t pid_in(const std::filesystem::path& file) {
  for (int n = 0; n < 500; ++n) {
    const std::string text = contents(file);
    if (text.ends_with('\n')) return std::stoi(text);
    std::this_thread::sleep_for(10ms);
  }
  return -1;
}

// A child of the run that ignores being asked to end, as a simulator that hangs does.
void start_stubborn_child(const std::filesystem::path& folder) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::signal(SIGTERM, SIG_IGN);
    while (true) ::pause();
  }
  std::ofstream(folder / "child.pid") << pid << "\n";
}

int body(const std::vector<std::string>& words, const std::filesystem::path& folder) {
  const std::string& what = words.at(0);
  if (what == "exit") return std::stoi(words.at(1));
  if (what == "say") {
    std::cout << "to standard output";
    std::cerr << "to standard error";
    char byte;
    return ::read(STDIN_FILENO, &byte, 1) == 0 ? 0 : 9;
  }
  if (what == "abort") std::abort();
  if (what == "leave a child") {
    start_stubborn_child(folder);
    return 0;
  }
  if (what == "hang with a child") {
    start_stubborn_child(folder);
    ::signal(SIGTERM, SIG_IGN);
    while (true) ::pause();
  }
  if (what == "hang") {
    while (true) ::pause();
  }
  if (what == "memory") {
    try {
      std::vector<char> much(std::size_t{200} << 20, 'x');
      return much[77] == 'x' ? 0 : 1;
    } catch (const std::bad_alloc&) {
      return 3;
    }
  }
  return 8;
}

Launch launch(const ScratchFolder& folder, std::size_t ticket, std::vector<std::string> words, double limit = 30) {
  return {ticket, std::move(words), folder / std::to_string(ticket), limit, 64};
}

}  // namespace

TEST_CASE("a run's status, signal and output come back") {
  const ScratchFolder folder;
  LocalLauncher launcher(4, body);
  CHECK(launcher.free_slots() == 4);
  launcher.start(launch(folder, 0, {"exit", "0"}));
  launcher.start(launch(folder, 1, {"exit", "5"}));
  launcher.start(launch(folder, 2, {"abort"}));
  launcher.start(launch(folder, 3, {"say"}));
  CHECK(launcher.free_slots() == 0);
  std::vector<Ended> ended(4);
  while (const auto finished = launcher.wait()) ended.at(finished->ticket) = finished->ended;
  CHECK(launcher.free_slots() == 4);
  CHECK((ended[0].status == 0 && ended[0].signal == 0 && !ended[0].timed_out));
  CHECK(ended[1].status == 5);
  CHECK(ended[2].signal == SIGABRT);
  CHECK(ended[3].status == 0);
  CHECK(ended[0].peak_memory > 0);
  CHECK(contents(folder / "3/stdout.txt") == "to standard output");
  CHECK(contents(folder / "3/stderr.txt") == "to standard error");
}

TEST_CASE("a folder that an earlier runner left is emptied") {
  const ScratchFolder folder;
  folder.write("0/old/file", "x");
  LocalLauncher launcher(1, body);
  launcher.start(launch(folder, 0, {"exit", "0"}));
  REQUIRE(launcher.wait());
  CHECK_FALSE(std::filesystem::exists(folder / "0/old"));
}

TEST_CASE("what a run leaves behind ends with it") {
  const ScratchFolder folder;
  LocalLauncher launcher(1, body);
  launcher.start(launch(folder, 0, {"leave a child"}));
  REQUIRE(launcher.wait()->ended.status == 0);
  CHECK(gone_soon(pid_in(folder / "0/child.pid")));
}

TEST_CASE("a run over its time is ended with everything it started") {
  const ScratchFolder folder;
  LocalLauncher launcher(2, body, kShortGrace);
  const auto begun = std::chrono::steady_clock::now();
  launcher.start(launch(folder, 0, {"hang with a child"}, 0.2));
  launcher.start(launch(folder, 1, {"hang"}, 0.2));
  std::vector<Ended> ended(2);
  while (const auto finished = launcher.wait()) ended.at(finished->ticket) = finished->ended;
  CHECK(ended[0].timed_out);
  CHECK(ended[0].signal == SIGKILL);  // it did not listen
  CHECK(ended[1].timed_out);
  CHECK(ended[1].signal == SIGTERM);
  CHECK(std::chrono::steady_clock::now() - begun < 10s);
  CHECK(gone_soon(pid_in(folder / "0/child.pid")));
}

#ifndef __SANITIZE_ADDRESS__
TEST_CASE("a run over its memory is told so by its allocator") {
  const ScratchFolder folder;
  LocalLauncher launcher(1, body);
  launcher.start(launch(folder, 0, {"memory"}));
  CHECK(launcher.wait()->ended.status == 3);
}
#endif

TEST_CASE("asked to stop, the launcher ends every run and reports none") {
  const int signal = GENERATE(SIGINT, SIGTERM, SIGHUP);
  const ScratchFolder folder;
  pid_t child = 0;
  {
    LocalLauncher launcher(2, body, kShortGrace);
    launcher.start(launch(folder, 0, {"hang with a child"}));
    launcher.start(launch(folder, 1, {"hang"}));
    child = pid_in(folder / "0/child.pid");
    ::kill(::getpid(), signal);
    CHECK_FALSE(launcher.wait());
    CHECK(launcher.stop_asked());
    launcher.stop();
    CHECK(launcher.free_slots() == 2);
  }
  CHECK(gone_soon(child));
}

TEST_CASE("a killed runner takes its runs and their children along, and then frees its folder") {
  const ScratchFolder folder;
  const pid_t runner = ::fork();
  if (runner == 0) {
    const FolderLock lock(folder.path());
    LocalLauncher launcher(2, body);
    launcher.start(launch(folder, 0, {"hang with a child"}));
    launcher.wait();
    ::_exit(0);
  }
  const pid_t child = pid_in(folder / "0/child.pid");
  REQUIRE(child > 0);
  ::kill(runner, SIGKILL);
  int status = 0;
  ::waitpid(runner, &status, 0);
  CHECK(WIFSIGNALED(status));
  CHECK(gone_soon(child));
  const FolderLock lock(folder.path());  // throws if anything still holds it
}

TEST_CASE("a folder in use is refused") {
  const ScratchFolder folder;
  const FolderLock lock(folder.path());
  CHECK_THROWS_WITH(FolderLock(folder.path(), 50ms), Catch::Matchers::Contains("in use"));
}
