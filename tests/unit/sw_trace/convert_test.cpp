// SPDX-License-Identifier: Apache-2.0
//
// kilburn convert: loss-free both ways, children too, whole files or none.
#include "tb/app/convert.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iostream>

#include "sw/core/errors.h"
#include "sw/trace/summary.h"
#include "tb/errors.h"
#include "tests/unit/sw_trace/events.h"

namespace kilburn::os::test {
namespace {

namespace fs = std::filesystem;

struct Folder {
  Folder() : path(fs::temp_directory_path() / ("kilburn-convert-" + std::to_string(getpid()))) {
    fs::remove_all(path);
    fs::create_directories(path);
  }
  ~Folder() { fs::remove_all(path); }
  std::string operator/(const std::string& name) const { return (path / name).string(); }
  fs::path path;
};

void write(const std::string& path, const std::string& bytes) { std::ofstream(path, std::ios::binary) << bytes; }

std::string converted(std::vector<std::string> arguments) {
  std::ostringstream out;
  auto* const before = std::cout.rdbuf(out.rdbuf());
  int status = -1;
  try {
    status = tb::convert_command(arguments);
  } catch (...) {
    std::cout.rdbuf(before);
    throw;
  }
  std::cout.rdbuf(before);
  REQUIRE(status == 0);
  return out.str();
}

std::string refusal(const std::vector<std::string>& arguments) {
  try {
    converted(arguments);
  } catch (const tb::UserError& e) {
    return e.what();
  } catch (const TraceError& e) {
    return e.what();
  }
  return "";
}

size_t files(const Folder& folder) {
  return static_cast<size_t>(std::distance(fs::directory_iterator(folder.path), fs::directory_iterator()));
}

}  // namespace

TEST_CASE("convert: there and back, the recorded program and its children") {
  const Folder folder;
  const std::string data = std::string(KILBURN_TEST_DATA) + "/traces/mini.";
  fs::copy_file(data + "28871.lk", folder / "mini");
  fs::copy_file(data + "28872.lk", folder / "mini.28872");
  fs::copy_file(data + "28873.lk", folder / "mini.28873");
  converted({folder / "mini", folder / "mini.kbt"});
  converted({folder / "mini.kbt", folder / "back.lk"});
  converted({folder / "back.lk", folder / "again.kbt"});
  for (const std::string child : {"", ".28872", ".28873"}) {
    CAPTURE(child);
    const auto recorded = read_all(*open_trace(folder / ("mini" + child)));
    REQUIRE(recorded.size() > 500);
    CHECK(open_trace_as_found(folder / ("mini.kbt" + child)).format == TraceFormat::compact);
    CHECK(same(read_all(*open_trace(folder / ("mini.kbt" + child))), recorded));
    CHECK(open_trace_as_found(folder / ("back.lk" + child)).format == TraceFormat::lackey);
    CHECK(same(read_all(*open_trace(folder / ("back.lk" + child))), recorded));
    CHECK(fs::file_size(folder / ("again.kbt" + child)) == fs::file_size(folder / ("mini.kbt" + child)));
  }
  const size_t before = files(folder);
  converted({folder / "mini", folder / "alone.kbt", "--alone"});
  CHECK(files(folder) == before + 1);
}

TEST_CASE("convert: the beginning of a trace and of its children's") {
  const Folder folder;
  const std::string data = std::string(KILBURN_TEST_DATA) + "/traces/mini.";
  fs::copy_file(data + "28871.lk", folder / "mini");
  fs::copy_file(data + "28872.lk", folder / "mini.28872");
  const auto begins = [&](const std::string& few_name, const std::string& name, std::ptrdiff_t wanted) {
    auto whole = read_all(*open_trace(folder / name));
    const auto few = read_all(*open_trace(folder / few_name));
    const auto references = [](const auto& events) {
      return std::count_if(events.begin(), events.end(), [](const TraceEvent& e) { return e.reference(); });
    };
    REQUIRE(references(whole) > wanted);
    CHECK(references(few) == wanted);
    CHECK(whole[few.size()].reference());  // what comes between the last one and the next belongs to it
    whole.resize(few.size());
    CHECK(same(few, whole));
  };
  converted({folder / "mini", folder / "few.kbt", "--references", "200"});
  begins("few.kbt", "mini", 200);
  CHECK_FALSE(fs::exists(folder / "few.kbt.28872"));  // not forked by then
  converted({folder / "mini", folder / "more.kbt", "--references", "9000"});
  begins("more.kbt", "mini", 9000);
  CHECK(same(read_all(*open_trace(folder / "more.kbt.28872")), read_all(*open_trace(folder / "mini.28872"))));
  converted({folder / "mini.28872", folder / "child.kbt", "--references", "300"});
  begins("child.kbt", "mini.28872", 300);
  converted({folder / "mini", folder / "all.kbt", "--references", "1000000000", "--alone"});
  CHECK(same(read_all(*open_trace(folder / "all.kbt")), read_all(*open_trace(folder / "mini"))));
  CHECK(refusal({folder / "mini", folder / "x", "--references", "0"}).find("--references needs a whole number") == 0);
  CHECK(refusal({"--info", folder / "mini", "--references", "1"}) == "--references does not go with --info");
}

TEST_CASE("convert: a file that is wrong leaves nothing behind") {
  const Folder folder;
  write(folder / "in", lackey_text(random_events(1, 1000)) + "garbage\n");
  CHECK(refusal({folder / "in", folder / "out"}).find("not a line of a lackey log") != std::string::npos);
  CHECK(files(folder) == 1);
  converted({folder / "in", folder / "out", "--skip-bad-lines", "1"});
  CHECK(same(read_all(*open_trace(folder / "out")), random_events(1, 1000)));
}

TEST_CASE("convert: nothing is overwritten without --force") {
  const Folder folder;
  write(folder / "in", "0 10\n");
  write(folder / "out", "precious");
  CHECK(refusal({folder / "in", folder / "out"}) == folder / "out" + " exists; --force writes it again");
  CHECK(fs::file_size(folder / "out") == 8);
  CHECK(refusal({folder / "in", folder / "in", "--force"}) == folder / "in" + " is the trace that is read");
  converted({folder / "in", folder / "out", "--force"});
  CHECK(same(read_all(*open_trace(folder / "out")), {reference(Kind::read, 0x10, 4)}));
}

TEST_CASE("convert: wrong command lines and a folder that is not there") {
  CHECK(refusal({}) == "convert needs two files, IN and OUT");
  CHECK(refusal({"--info"}) == "convert --info needs one trace");
  CHECK(refusal({"a", "b", "--to", "pdf"}) == "--to is compact or lackey, not \"pdf\"");
  CHECK(refusal({"a", "b", "--skip-bad-lines", "x"}) ==
        "--skip-bad-lines needs a whole number from 0 to 1000000000, not \"x\"");
  CHECK(refusal({"a", "b", "--fast"}).find("see kilburn convert --help") != std::string::npos);
  const Folder folder;
  CHECK_THROWS_AS(converted({folder / "none", folder / "out"}), os::UserError);
  write(folder / "in", "0 10\n");
  CHECK_THROWS_AS(converted({folder / "in", folder / "no/out"}), tb::EnvironmentError);
}

TEST_CASE("convert: --info counts") {
  const Folder folder;
  // 4 KB pages 0, 1 (a crossing), 2, 5: 8 KB pages 0, 1, 2.
  write(folder / "in",
        "I  00000000,4\n L 00000ffc,8\n S 00002000,16\n M 00005000,2\n"
        "SYSCALL[7,1](57) sys_fork ( )   fork: process 7 created child 8\n"
        "SYSCALL[7,1](12) sys_brk ( 0x9000 ) --> [pre-success] Success(0x9000) \n");
  TraceSummary summary;
  for (const auto& e : read_all(*open_trace(folder / "in"))) summary.add(e);
  CHECK(summary.events() == 6);
  CHECK(summary.references() == 4);
  CHECK(summary.bytes() == 4 + 8 + 16 + 2 * 2);
  CHECK(summary.pages_4k() == 4);
  CHECK(summary.pages_8k() == 3);
  CHECK(summary.children() == std::vector<u32>{8});
  const std::string text = converted({"--info", folder / "in"});
  for (const char* row :
       {"lackey\n", "references                             4\n", "pages of 4 KB                          4\n",
        "pages of 8 KB                          3\n", "processes                              2\n"}) {
    CAPTURE(row, text);
    CHECK(text.find(row) != std::string::npos);
  }
}

}  // namespace kilburn::os::test
