// SPDX-License-Identifier: Apache-2.0
//
// Copies of a run that sleep: what they hold, which one is woken, and that none stays behind.
#include "tb/failure/snapshots.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <fstream>
#include <thread>

#include "tb/failure/open_files.h"
#include "tests/catch.h"
#include "tests/folder.h"

using namespace kilburn;
using tb::OpenFiles;
using tb::Snapshots;
using tb::WavesOrder;

namespace {

constexpr double kOften = 0.002;  // seconds between copies

std::string read_some(int descriptor, size_t bytes) {
  std::string text(bytes, '?');
  text.resize(static_cast<size_t>(std::max<ssize_t>(read(descriptor, text.data(), bytes), 0)));
  return text;
}

// A run of so many cycles: a sum over them that depends on all before. A copy that is woken writes down the cycles and
// sums of its order, and where it woke.
struct Run {
  arch::u64 sum = 1, cycle = 0;
  void clock() { sum = sum * 6364136223846793005u + ++cycle; }
};

// Makes copies for as long as a test needs several; returns the cycle that it ended at.
arch::u64 run_on(Run& run, Snapshots& snapshots, arch::u64 copies, const std::string& file) {
  while (snapshots.made() < copies) {
    run.clock();
    if (!snapshots.look(run.cycle)) continue;
    std::ofstream out(file);
    out << run.cycle << "\n";
    while (run.cycle < snapshots.order().to) {
      if (run.cycle >= snapshots.order().from) out << run.cycle << " " << run.sum << "\n";
      run.clock();
    }
    out.close();
    _exit(0);
  }
  return run.cycle;
}

bool has_children() {
  errno = 0;
  return waitpid(-1, nullptr, WNOHANG) >= 0 || errno != ECHILD;
}

}  // namespace

TEST_CASE("a copy reads its files from where they stood, as they were") {
  const test::ScratchFolder folder;
  std::ofstream(folder / "read") << "0123456789";
  const int reading = open((folder / "read").c_str(), O_RDONLY | O_CLOEXEC);
  const int writing = open((folder / "written").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  REQUIRE(reading >= 0);
  REQUIRE(writing >= 0);
  REQUIRE(pwrite(writing, "old", 3, 1 << 20) == 3);  // behind a hole
  REQUIRE(lseek(writing, 5, SEEK_SET) == 5);
  CHECK(read_some(reading, 4) == "0123");
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  OpenFiles files;
  REQUIRE(files.complete());
  const pid_t pid = fork();
  if (pid == 0) {
    char go;
    const bool told = read(ends[0], &go, 1) == 1;
    bool right = told && files.take() && read_some(reading, 3) == "456" && lseek(writing, 0, SEEK_CUR) == 5;
    std::string old(3, '?');
    right = right && pread(writing, old.data(), 3, 1 << 20) == 3 && old == "old";
    right = right && pwrite(writing, "mine", 4, 0) == 4;  // nobody else's business
    _exit(right ? 0 : 1);
  }
  CHECK(read_some(reading, 6) == "456789");
  REQUIRE(pwrite(writing, "new", 3, 1 << 20) == 3);
  REQUIRE(write(ends[1], "!", 1) == 1);
  int status = 0;
  REQUIRE(waitpid(pid, &status, 0) == pid);
  CHECK(status == 0);
  std::string now(4, '?');
  CHECK(pread(writing, now.data(), 3, 1 << 20) == 3);
  CHECK(now.substr(0, 3) == "new");
  CHECK(pread(writing, now.data(), 4, 0) == 4);
  CHECK(now == std::string(4, '\0'));
  for (const int descriptor : {reading, writing, ends[0], ends[1]}) close(descriptor);
}

TEST_CASE("files too large to copy are named incomplete") {
  const test::ScratchFolder folder;
  const int writing = open((folder / "large").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  REQUIRE(ftruncate(writing, OpenFiles::kMostBytes + 1) == 0);
  CHECK_FALSE(OpenFiles().complete());
  close(writing);
  CHECK(OpenFiles().complete());
}

TEST_CASE("the last copy before the window goes through the same cycles again") {
  const test::ScratchFolder folder;
  const std::string file = (folder / "waves").string();
  Run run;
  Snapshots snapshots(kOften);
  const arch::u64 end = run_on(run, snapshots, 4, file);
  const auto from = snapshots.record({end - 10, end + 10});  // the last copy was made at `end` itself
  REQUIRE(from.has_value());
  CHECK(*from < end - 10);
  std::ifstream in(file);
  arch::u64 woken = 0, cycle = 0, sum = 0, lines = 0;
  in >> woken;
  CHECK(woken == *from);
  Run again;
  while (again.cycle < end - 10) again.clock();
  for (; in >> cycle >> sum; again.clock(), ++lines) {
    CHECK(cycle == again.cycle);
    CHECK(sum == again.sum);
  }
  CHECK(lines == 20);
  CHECK_FALSE(snapshots.woken());
  snapshots.end();
  CHECK_FALSE(has_children());
}

TEST_CASE("the newer copy is woken if it is early enough, and none from before the first") {
  const test::ScratchFolder folder;
  const std::string file = (folder / "waves").string();
  Run run;
  Snapshots snapshots(kOften);
  const arch::u64 end = run_on(run, snapshots, 3, file);
  CHECK_FALSE(snapshots.record({5, 10}).has_value());  // both are later
  CHECK(snapshots.record({end, end + 1}) == end);
  CHECK_FALSE(snapshots.record({end, end + 1, 0, true}) == end);  // taken, and of the second DUT at cycle 0
}

TEST_CASE("no copy stays behind, nor is one made that nobody wants") {
  const test::ScratchFolder folder;
  {
    Run run;
    Snapshots snapshots(kOften);
    run_on(run, snapshots, 3, (folder / "waves").string());
    CHECK(has_children());
  }
  CHECK_FALSE(has_children());
  Snapshots none(0);
  for (int n = 0; n < 1000; ++n) CHECK_FALSE(none.look(1));
  std::this_thread::sleep_for(std::chrono::milliseconds(5));
  for (int n = 0; n < 1000; ++n) CHECK_FALSE(none.look(1));
  CHECK(none.made() == 0);
}

TEST_CASE("copies end with a run that is killed") {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  const pid_t pid = fork();
  if (pid == 0) {
    close(ends[0]);  // the copies hold the other end, too
    Run run;
    Snapshots snapshots(kOften);
    run_on(run, snapshots, 3, "/dev/null");
    const bool told = write(ends[1], "!", 1) == 1;
    pause();
    _exit(told ? 0 : 1);
  }
  close(ends[1]);
  char ready;
  REQUIRE(read(ends[0], &ready, 1) == 1);
  kill(pid, SIGKILL);
  waitpid(pid, nullptr, 0);
  CHECK(read(ends[0], &ready, 1) == 0);  // once the last copy has gone
  close(ends[0]);
}
