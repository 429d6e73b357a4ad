// SPDX-License-Identifier: Apache-2.0
//
// Swap areas in files of the host: what is in them afterwards, which is filled first, a disk that is full or refuses.
#include <sys/file.h>
#include <unistd.h>

#include <cstring>

#include "tests/catch.h"
#include "tests/end_to_end/kilburn.h"

using namespace kilburn::test;
using Catch::Matchers::Contains;
namespace bp = boost::process;

namespace {

const std::string kTrace = std::string(KILBURN_TEST_DATA) + "/traces/mini.28871.lk";

std::vector<std::string> swapping(const std::string& out, const std::vector<std::string>& files) {
  std::vector<std::string> words = {"run", "--trace", kTrace, "--frames", "28", "--dut", "arch", "--out", out};
  for (const std::string& file : files) words.insert(words.end(), {"--swap-file", file});
  return words;
}

template <class T>
T number(const std::string& bytes, size_t at) {
  T value{};
  REQUIRE(at + sizeof value <= bytes.size());
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

// By the description of the image in sw/README.md.
struct Image {
  std::uint32_t slots = 0, state = 0, sequence = 0;
  std::uint32_t written = 0;  // slots that were written to at some time
};
Image image_of(const std::string& bytes, size_t page = 4096) {
  Image image;
  for (const size_t at : {size_t{0}, page / 2}) {
    if (bytes.compare(at, 8, "KILBSWAP") != 0 || number<std::uint32_t>(bytes, at + 20) < image.sequence) continue;
    CHECK(number<std::uint32_t>(bytes, at + 8) == 1);
    CHECK(std::uint32_t{1} << number<std::uint32_t>(bytes, at + 12) == page);
    image.slots = number<std::uint32_t>(bytes, at + 16);
    image.sequence = number<std::uint32_t>(bytes, at + 20);
    image.state = number<std::uint32_t>(bytes, at + 24);
  }
  REQUIRE(image.slots != 0);
  for (std::uint32_t slot = 0; slot < image.slots; ++slot) {
    const size_t record = (image.slots + 1) * page + slot / 31 * 512 + slot % 31 * 16;
    image.written += number<std::uint32_t>(bytes, record + 4) != 0;  // generation
  }
  return image;
}

void refused(const Folder& folder, const std::vector<std::string>& words, int status, const std::string& reason) {
  const Ran ran = folder.run(words);
  INFO(words.back() << "\n" << ran.out << ran.err);
  CHECK(ran.status == status);
  CHECK_THAT(ran.err, Contains(reason));
  CHECK(std::count(ran.err.begin(), ran.err.end(), '\n') == 1);
  CHECK_FALSE(std::filesystem::exists(folder / "r"));
}

}  // namespace

TEST_CASE("swap files are filled by priority, stay, and are clean images afterwards") {
  const Folder folder;
  REQUIRE(folder.run(swapping("plain", {})).status == 0);
  const auto plain = folder.result("plain");
  const Ran ran = folder.run(swapping("r", {"low:400:1", "a:b:12:30", "middle:20:7"}));
  INFO(ran.out << ran.err);
  REQUIRE(ran.status == 0);
  const auto result = folder.result("r");
  CHECK(result.at("memory_digest") == plain.at("memory_digest"));
  CHECK(figure(result, "os", "pages_swapped_out") > 100);
  CHECK_FALSE(std::filesystem::exists(folder / "r/swap"));
  const Image high = image_of(contents(folder / "a:b")), middle = image_of(contents(folder / "middle"));
  const Image low = image_of(contents(folder / "low"));
  for (const Image& image : {high, middle, low}) CHECK(image.state == 1);
  CHECK(high.slots == 12);
  CHECK(high.written == 12);
  CHECK(middle.written == 20);
  CHECK(low.written > 0);
  CHECK(low.written < 100);
  // Again over the same files, by the command that the run names; alpha's pages are larger.
  CHECK_THAT(std::string(result.at("reproduce").as_string()),
             Contains("--swap-file low:400:1 --swap-file a:b:12:30 --swap-file middle:20:7"));
  const Ran again = folder.run(swapping("again", {"low:40:9", "middle:400:7"}));
  INFO(again.out << again.err);
  REQUIRE(again.status == 0);
  CHECK(image_of(contents(folder / "low")).slots == 40);
  auto words = swapping("alpha", {"middle:400:7"});
  words.insert(words.end(), {"--format", "alpha"});
  REQUIRE(folder.run(words).status == 0);
  CHECK(image_of(contents(folder / "middle"), 8192).state == 1);
  CHECK(folder.result("alpha").at("memory_digest") == plain.at("memory_digest"));
}

TEST_CASE("a file that is no swap area stays as it is") {
  const Folder folder;
  const std::string letter = "dear ada,\n" + std::string(9000, '.');
  std::ofstream(folder / "letter") << letter;
  // A swap area beside it is not touched either.
  REQUIRE(folder.run(swapping("first", {"area:400:1"})).status == 0);
  const std::string area = contents(folder / "area");
  refused(folder, swapping("r", {"area:400:1", "letter:400:2"}), 2,
          "the swap file letter holds something else than a swap area: it stays as it is");
  CHECK(contents(folder / "letter") == letter);
  CHECK(contents(folder / "area") == area);
  // One bit of each header: it is none any more.
  std::string damaged = area;
  damaged[16] = static_cast<char>(damaged[16] ^ 1), damaged[2048 + 16] = static_cast<char>(damaged[2048 + 16] ^ 1);
  std::ofstream(folder / "area", std::ios::binary) << damaged;
  refused(folder, swapping("r", {"area:400:1"}), 2, "holds something else");
  CHECK(contents(folder / "area") == damaged);
  std::ofstream(folder / "empty").close();
  REQUIRE(folder.run(swapping("ok", {"empty:400:1"})).status == 0);
}

TEST_CASE("swap files that cannot be had are one sentence") {
  const Folder folder;
  std::filesystem::create_directory(folder / "dir");
  refused(folder, swapping("r", {"dir:400:1"}), 2, "the swap file dir cannot be opened: Is a directory");
  refused(folder, swapping("r", {"no/where:400:1"}), 2, "the swap file no/where cannot be opened: No such file");
  REQUIRE(mkfifo((folder / "fifo").c_str(), 0600) == 0);
  refused(folder, swapping("r", {"fifo:400:1"}), 2, "the swap file fifo is no regular file");
  for (const std::string wrong :
       {"x", "x:1", "x::1", "x:0:1", "x:-1:1", "x:1:", "x:1:-1", "x:1:32768", "x:1:one", "x:4294967296:1", ":10:1"}) {
    refused(folder, swapping("r", {wrong}), 2, "--swap-file " + wrong + ": ");
  }
  refused(folder, swapping("r", {"x:10:1", "x:10:2"}), 2, "--swap-file x:10:2: this file is given twice");
  std::vector<std::string> nine;
  for (char c = 'a'; c < 'j'; ++c) nine.push_back(std::string(1, c) + ":10:1");
  refused(folder, swapping("r", nine), 2, "there can be 8 swap areas, not 9");
  auto words = swapping("r", {"x:16777215:1", "y:1:1"});
  words.insert(words.end(), {"--format", "alpha"});
  refused(folder, words, 2, "entries of alpha can name 16777215 slots of all areas together");
  CHECK_FALSE(std::filesystem::exists(folder / "x"));
  // One file by two names.
  std::ofstream(folder / "one").close();
  std::filesystem::create_symlink("one", folder / "other");
  refused(folder, swapping("r", {"one:10:1", "other:10:1"}), 2, "the swap file other is in use already");
  const int held = open((folder / "one").c_str(), O_RDWR);
  REQUIRE(flock(held, LOCK_EX) == 0);
  refused(folder, swapping("r", {"one:10:1"}), 2, "the swap file one is in use already");
  close(held);
}

TEST_CASE("a host disk that is full or cannot be written ends the run with 3, or another area helps") {
  const Folder folder;
  std::filesystem::create_directory(folder / "disk");
  const std::string run = KILBURN_PROGRAM " run --trace " + kTrace + " --frames 28 --dut arch";
  // A disk of 100 kB that only this shell sees; the program gets no more than its first pages into it.
  const std::string script =
      "mount -t tmpfs -o size=100k none disk && " + run + " --swap-file disk/swap:400:5 --out full; echo full $?; " +
      run + " --swap-file disk/swap:400:5 --swap-file beside:400:1 --out both >/dev/null; echo both $?; " +
      "cp disk/swap kept; rm disk/swap; head -c 100k /dev/zero > disk/filler; " + run +
      " --swap-file disk/new:400:5 --out none; echo none $?; test -e disk/new; echo there $?; rm disk/filler; " +
      "mount -o remount,ro disk; " + run + " --swap-file disk/new:400:5 --out readonly; echo readonly $?";
  const auto ran = run_with_mounts(folder, script);
  if (!ran) {
    WARN("no user namespaces here: not tested");
    return;
  }
  INFO(ran->out << ran->err);
  CHECK_THAT(ran->out, Contains("full 3\n") && Contains("both 0\n") && Contains("none 3\n") && Contains("there 1\n") &&
                           Contains("readonly 3\n"));
  CHECK_THAT(ran->err, Contains("of disk/swap: No space left on device"));
  CHECK_THAT(ran->err, Contains("writing the header of the swap area of disk/new: No space left on device"));
  CHECK_THAT(ran->err, Contains("the swap file disk/new cannot be opened: Read-only file system"));
  CHECK(std::count(ran->err.begin(), ran->err.end(), '\n') == 3);
  CHECK_FALSE(std::filesystem::exists(folder / "full"));
  // What the run with room elsewhere left is an image, and its bytes are right.
  REQUIRE(folder.run(swapping("plain", {})).status == 0);
  CHECK(folder.result("both").at("memory_digest") == folder.result("plain").at("memory_digest"));
  CHECK(image_of(contents(folder / "beside")).state == 1);
  CHECK_THAT(contents(folder / "kept").substr(0, 4096), Contains("KILBSWAP"));
}
