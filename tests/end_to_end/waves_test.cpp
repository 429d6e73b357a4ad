// SPDX-License-Identifier: Apache-2.0
//
// The folder of a failure and `kilburn waves`.
#include <chrono>
#include <csignal>
#include <map>
#include <sstream>
#include <thread>

#include "tb/failure/timing_diagram.h"
#include "tests/catch.h"
#include "tests/end_to_end/kilburn.h"
#include "tests/ftr_reader.h"

using namespace kilburn::test;
using Catch::Matchers::Contains;

TEST_CASE("a failing run leaves everything that tells it, and waves shows it") {
  const Folder folder;
  REQUIRE(folder.run({"run", "--test", "random", "--dut", "mmu-bugs", "--bug", "T61b", "--seed", "3", "--out", "r"})
              .status == 1);
  for (const char* file : {"result.json", "mismatch.json", "transactions.txt", "page_tables.txt", "waves.fst",
                           "waves.gtkw", "waves.sucl", "replay.sh", "transactions.ftr", "transactions.sucl"}) {
    INFO(file);
    CHECK(std::filesystem::file_size(folder / "r" / file) > 20);
  }
  const auto mismatch = boost::json::parse(contents(folder / "r/mismatch.json")).as_object();
  const auto cycle = mismatch.at("cycle").to_number<std::uint64_t>();
  CHECK(mismatch.at("cycle") == folder.result("r").at("failure").as_object().at("cycle"));
  bool marked = false;
  for (const auto& marker : mismatch.at("markers").as_array()) marked |= marker.as_object().at("name") == "mismatch";
  CHECK(marked);

  // The diagram's last value of the signal is what the check found.
  const std::string signal(mismatch.at("signal").as_string());
  const std::string at = std::to_string(cycle) + ":" + std::to_string(cycle);
  const Ran text = folder.run({"waves", "r", "--text", "--window", at, "--signals", signal});
  INFO(text.out << text.err << signal);
  CHECK(text.status == 0);
  CHECK_THAT(text.out, Contains(signal) && Contains("^ mismatch, cycle " + std::to_string(cycle)));
  if (mismatch.at("found") == "0x1") CHECK_THAT(text.out, Contains("####"));

  const Ran svg = folder.run({"waves", "r", "--svg", "w.svg"});
  CHECK(svg.status == 0);
  CHECK_THAT(contents(folder / "w.svg"), Contains("<svg ") && Contains("</svg>") && Contains("mismatch, cycle"));

  // The program that replay.sh names repeats the failure.
  std::string script = "KILBURN=" + std::string(KILBURN_PROGRAM) + " sh " + (folder / "r/replay.sh").string() +
                       " --waves never --out " + (folder / "again").string() + " > " + (folder / "log").string();
  CHECK(WEXITSTATUS(std::system(script.c_str())) == 1);
  CHECK(folder.result("again").at("failure").as_object().at("message") == mismatch.at("message"));
}

// Little memory: the copy needs the swap area as it was. Software-filled entries: the copy needs the DUT's state.
TEST_CASE("a copy of the run records the same waves as the run made again") {
  const Folder folder;
  const std::vector<std::string> kFailing[] = {
      {"--trace", std::string(KILBURN_TEST_DATA) + "/traces/mini.28871.lk", "--frames", "24", "--os-bug", "M3"},
      {"--test", "random", "--format", "alpha", "--dut", "mmu-bugs", "--bug", "EV4-SUPERPAGE", "--check", "admissible"},
      {"--test", "random", "--harts", "2", "--check", "admissible", "--dut", "mmu-bugs", "--bug", "T61b"}};
  for (const auto& failing : kFailing) {
    for (const std::string seconds : {"0.001", "0"}) {
      std::vector<std::string> words = {"run", "--count", "400000", "--snapshots", seconds, "--out", "r" + seconds};
      if (failing[0] == "--trace") words.erase(words.begin() + 1, words.begin() + 3);
      words.insert(words.end(), failing.begin(), failing.end());
      const Ran ran = folder.run(words);
      INFO(failing[1] << "\n" << ran.out << ran.err);
      REQUIRE(ran.status == 1);
    }
    const auto copied = folder.result("r0.001"), again = folder.result("r0");
    CHECK(copied.at("failure").as_object().at("message") == again.at("failure").as_object().at("message"));
    CHECK_FALSE(again.contains("notes"));
    REQUIRE(copied.contains("notes"));
    CHECK_THAT(std::string(copied.at("notes").as_array().at(0).as_string()), Contains("woken at cycle "));
    const Ran same = folder.run({"waves", "--diff", "r0.001", "r0"});
    INFO(same.out << same.err);
    CHECK(same.status == 0);
    CHECK_THAT(same.out, Contains("signals are the same throughout"));
  }
}

// The random test resets the DUT for other settings, which takes time and no cycles.
TEST_CASE("a cycle is found before and after resets") {
  const Folder folder;
  const auto run = [&](std::vector<std::string> more, const std::string& out) {
    std::vector<std::string> words = {"run", "--test", "random", "--count", "20000", "--seed", "5", "--out", out};
    words.insert(words.end(), more.begin(), more.end());
    REQUIRE(folder.run(words).status == 0);
    return folder.result(out);
  };
  const auto whole = run({"--waves", "always"}, "whole");
  CHECK(figure(whole, "translation", "restarts_with_other_settings") >= 1);
  // What the reset before the window was at, and the window's place, are of no account.
  for (const std::uint64_t from : {200u, 3000u, 9000u, 14000u}) {
    const auto stopped = run({"--break", "response && side == d && !fault && cycle > " + std::to_string(from)},
                             "b" + std::to_string(from));
    const std::string what(stopped.at("stop").as_object().at("what").as_string());
    const auto cycle = stopped.at("stop").as_object().at("cycle").to_number<std::uint64_t>();
    const std::string pa = what.substr(what.find("pa ") + 3, what.find(',') - what.find("pa ") - 3);
    for (const std::string& of : {std::string("whole"), "b" + std::to_string(from)}) {
      const Ran ran =
          folder.run({"waves", of, "--text", "--window", std::to_string(cycle) + ":" + std::to_string(cycle),
                      "--signals", "d_rsp_valid_o,d_rsp_ready_i,d_rsp_pa_o"});
      INFO(of << "\n" << what << "\n" << ran.out << ran.err);
      CHECK(ran.status == 0);
      CHECK_THAT(ran.out, Contains(pa));
    }
  }
}

TEST_CASE("a run stops where it is told to, with the waves of that place") {
  const Folder folder;
  const auto run = [&](std::vector<std::string> more, const std::string& out) {
    // Settings of its own, so that nothing is reset meanwhile: a cycle has the same time in every window.
    std::vector<std::string> words = {"run", "--test", "random",        "--count", "20000", "--seed",
                                      "5",   "--set",  "maxphyaddr=46", "--out",   out};
    words.insert(words.end(), more.begin(), more.end());
    const Ran ran = folder.run(words);
    INFO(ran.out << ran.err);
    REQUIRE(ran.status == 0);
    return folder.result(out);
  };
  const auto cycle_of = [](const boost::json::object& result) {
    return result.at("stop").as_object().at("cycle").to_number<std::uint64_t>();
  };
  const auto text = [&](const std::string& out, std::uint64_t cycle) {
    const Ran ran =
        folder.run({"waves", out, "--text", "--window", std::to_string(cycle - 9) + ":" + std::to_string(cycle + 9),
                    "--signals", "i_rsp_valid_o,i_rsp_fault_o,d_rsp_valid_o,d_rsp_fault_o,d_rsp_pa_o,inv_valid_i"});
    INFO(ran.err);
    REQUIRE(ran.status == 0);
    return ran.out;
  };
  const auto without_markers = [](const std::string& diagram) {
    std::istringstream lines(diagram);
    std::string signals;
    for (std::string line; std::getline(lines, line);) {
      if (!line.empty() && line[0] != ' ') signals += line + "\n";
    }
    return signals;
  };
  CHECK(run({"--waves", "always"}, "whole").at("verdict") == "passed");

  const auto until = run({"--until", "5000"}, "until");
  CHECK(until.at("verdict") == "stopped");
  CHECK(cycle_of(until) >= 5000);
  CHECK(cycle_of(until) < 5064);
  CHECK_FALSE(std::filesystem::exists(folder / "until/waves.fst"));

  run({"--goto", "9000"}, "goto");
  CHECK(without_markers(text("goto", 9000)) == without_markers(text("whole", 9000)));

  for (const std::string condition : {"response && fault == #PF && cycle > 6000", "op == PAGE && cycle > 6000"}) {
    const auto result = run({"--break", condition}, "break");
    INFO(condition);
    CHECK(result.at("verdict") == "stopped");
    const std::string what(result.at("stop").as_object().at("what").as_string());
    CHECK_THAT(what, Contains(condition[0] == 'r' ? ": #PF" : "TLB operation PAGE,"));
    CHECK_THAT(what, Contains("cycle " + std::to_string(cycle_of(result)) + " "));
    CHECK(cycle_of(result) > 6000);
    const std::string diagram = text("break", cycle_of(result));
    CHECK_THAT(diagram, Contains("^ stop, cycle " + std::to_string(cycle_of(result))));
    CHECK(without_markers(diagram) == without_markers(text("whole", cycle_of(result))));
  }
  const auto never = run({"--break", "va == 1 && pa == 2"}, "never");
  CHECK(never.at("verdict") == "passed");
}

TEST_CASE(
    "the verdict of each cycle in the waves adds up to the run's legality, and ends with the rule that it breaks") {
  const Folder folder;
  const auto verdicts = [&](const std::string& out, std::uint64_t after) {
    const auto cycles = folder.result(out).at("cycles").to_number<std::uint64_t>();
    const kilburn::tb::FstFile file(folder / out / "waves.fst");
    const kilburn::tb::CycleTimes times(file, kilburn::tb::time_of_cycle_0(file, cycles, after));
    const std::uint64_t first = (file.begin() - times(0) + 9) / kilburn::tb::kTimePerCycle;
    const std::uint64_t last = after == 0 ? cycles - 1 : cycles;
    return kilburn::tb::sample(file, {"verdict.admissible"}, first, last, times).traces[0].values;
  };
  REQUIRE(
      folder.run({"run", "--test", "random", "--count", "1500", "--seed", "5", "--waves", "always", "--out", "good"})
          .status == 0);
  const auto good = folder.result("good");
  std::map<std::string, std::uint64_t> said;
  for (const std::string& verdict : verdicts("good", 0)) {
    std::istringstream words(verdict);
    for (std::string word; words >> word;) ++said[word.substr(0, word.find(','))];
  }
  for (const std::string name : {"fresh", "stale", "direct", "mixed"}) {
    INFO(name);
    CHECK(said[name] == figure(good, "legality", name.c_str()));
    CHECK(said[name] > 0);
  }
  REQUIRE(folder
              .run({"run", "--test", "random", "--dut", "mmu-bugs", "--bug", "T61b", "--seed", "3", "--check",
                    "admissible", "--out", "bad"})
              .status == 1);
  const std::string message(folder.result("bad").at("failure").as_object().at("message").as_string());
  const auto bad = verdicts("bad", kilburn::tb::kWavesAfter);
  CHECK(bad.back() == "rejected: rule " + message.substr(0, message.find(':')));
  CHECK(bad[bad.size() - 2].find("rejected") == std::string::npos);
}

TEST_CASE("waves --diff names the first cycle and signal") {
  const Folder folder;
  const auto run = [&](const char* name, const char* seed) {
    return folder.run(
        {"run", "--test", "random", "--count", "200", "--seed", seed, "--waves", "always", "--out", name});
  };
  REQUIRE(run("a", "5").status == 0);
  REQUIRE(run("b", "5").status == 0);
  REQUIRE(run("c", "6").status == 0);
  const Ran same = folder.run({"waves", "--diff", "a", "b"});
  INFO(same.out << same.err);
  CHECK(same.status == 0);
  CHECK_THAT(same.out, Contains("signals are the same throughout"));
  const Ran other = folder.run({"waves", "--diff", "a", "c/waves.fst"});
  CHECK(other.status == 1);
  CHECK_THAT(other.out, Contains("first difference in cycle "));
}

TEST_CASE("waves says what is wrong") {
  const Folder folder;
  REQUIRE(folder.run({"run", "--test", "random", "--count", "200", "--waves", "always", "--out", "a"}).status == 0);
  const std::string fst = contents(folder / "a/waves.fst");
  std::ofstream(folder / "cut.fst") << fst.substr(0, fst.size() / 2);
  std::ofstream(folder / "foreign.fst") << "$date today $end\n";
  std::filesystem::create_directory(folder / "empty");
  const auto says = [&](const std::vector<std::string>& words, int status, const std::string& what) {
    const Ran ran = folder.run(words);
    INFO(ran.out << ran.err);
    CHECK(ran.status == status);
    CHECK_THAT(ran.err, Contains(what));
  };
  says({"waves"}, 2, "waves needs the folder of a run or an FST file");
  says({"waves", "cut.fst", "--text"}, 2, "cut.fst are cut off");
  says({"waves", "foreign.fst", "--text"}, 2, "foreign.fst is not an FST wave file");
  says({"waves", "empty", "--text"}, 2, "the run in empty has no waves");
  says({"waves", "a", "--text", "--signals", "nosuch"}, 2, "the waves have no signal nosuch");
  says({"waves", "a", "--text", "--window", "5:3"}, 2, "--window needs two cycles");
  says({"waves", "a", "--text", "--window", "900000:900001"}, 2, "the waves hold cycles 0 to ");
  says({"waves", "a", "--viewer", "xv"}, 2, "there is no viewer \"xv\"");
  says({"waves", "a", "--svg", "/dev/full"}, 3, "/dev/full cannot be written");
  says({"waves", "--diff", "a"}, 2, "--diff needs two runs");
  if (std::system("command -v surfer > /dev/null") != 0) {
    says({"waves", "a", "--viewer", "surfer"}, 3, "surfer is not installed");
  }
}

TEST_CASE("waves are readable after Ctrl-C and after kill") {
  const int signal = GENERATE(SIGINT, SIGTERM);
  const Folder folder;
  namespace bp = boost::process;
  bp::child child(
      KILBURN_PROGRAM, bp::args({"run", "--test", "random", "--count", "100000000", "--waves", "always", "--out", "r"}),
      bp::start_dir(folder.path().string()), bp::std_in<bp::null, bp::std_out> bp::null, bp::std_err > bp::null);
  std::this_thread::sleep_for(std::chrono::milliseconds(1500));
  kill(child.id(), signal);
  child.wait();
  CHECK(child.exit_code() == 130);
  const Ran ran = folder.run({"waves", "r", "--text", "--window", "10:20"});
  INFO(ran.out << ran.err);
  CHECK(ran.status == 0);
  CHECK_THAT(ran.out, Contains("d_req_valid_i"));
  CHECK(read_ftr(folder / "r/transactions.ftr").transactions.size() > 100);
}

TEST_CASE("a disk without room for waves ends a run with 3 and nothing left, and loses no failure") {
  const auto on_disk = [](const std::string& size, const std::string& words) {
    const Folder folder;
    std::filesystem::create_directory(folder / "disk");
    return run_with_mounts(folder, "mount -t tmpfs -o size=" + size +
                                       " none disk && cd disk && " KILBURN_PROGRAM
                                       " run --test random --seed 5 --out r " +
                                       words + "; echo status $?; ls r 2>/dev/null; exit 0");
  };
  // The sizes fill up in different places: the DUT's own file, which is mapped into memory, what stands beside it, the
  // two put together.
  for (const char* size : {"20k", "40k", "100k", "200k", "300k", "400k", "500k", "600k", "700k", "800k"}) {
    const auto ran = on_disk(size, "--count 150 --waves always");
    if (!ran) {
      WARN("no user namespaces here: not tested");
      return;
    }
    INFO(size << "\n" << ran->out << ran->err);
    CHECK_THAT(ran->out, Contains("status 3\n") && !Contains("waves") && !Contains("result.json"));
    CHECK_THAT(ran->err, Contains("cannot be written"));
    CHECK(std::count(ran->err.begin(), ran->err.end(), '\n') == 1);
  }
  for (const char* size : {"100k", "300k", "700k", "1m"}) {
    const auto ran = on_disk(size, "--count 20000 --dut mmu-bugs --bug T61");
    INFO(size << "\n" << ran->out << ran->err);
    CHECK_THAT(ran->out, Contains("FAILED in the exact check") && Contains("status 1\n") && Contains("result.json") &&
                             !Contains("waves.fst"));
    CHECK_THAT(ran->err, Contains("note: the folder of the failure is not complete: "));
  }
  const auto none = on_disk("20k", "--count 20000 --dut mmu-bugs --bug T61");
  INFO(none->out << none->err);
  CHECK_THAT(none->out, Contains("FAILED in the exact check") && Contains("status 3\n") && !Contains("result.json"));
  CHECK_THAT(none->err, Contains("result.json.part cannot be written"));
  const auto room = on_disk("4m", "--count 20000 --dut mmu-bugs --bug T61");
  CHECK_THAT(room->out, Contains("status 1\n") && Contains("waves.fst") && Contains("transactions.ftr"));
  CHECK(room->err.empty());

  // A bus error of another kind is not taken for a full disk.
  const Folder folder;
  const std::string killed = "cd " + folder.path().string() +
                             " && (" KILBURN_PROGRAM
                             " run --test random --count 100000 --waves always --out r >/dev/null 2>err & "
                             "until [ -s r/waves.fst ]; do sleep 0.01; done; kill -BUS $!; wait $!; echo $? >status)";
  REQUIRE(std::system(killed.c_str()) == 0);
  CHECK(contents(folder / "status") == "135\n");
  CHECK_THAT(contents(folder / "err"), !Contains("No space left"));
}
