// SPDX-License-Identifier: Apache-2.0
//
// A page in headless Chromium: what a script of it found, and what the console said.
#pragma once

#include <boost/process/search_path.hpp>
#include <fstream>
#include <sstream>

#include "tests/catch.h"
#include "tests/end_to_end/kilburn.h"

namespace kilburn::test {

// A phone's width, which a browser's window does not go down to.
inline const std::string kPhone =
    R"html(<!doctype html><meta charset="utf-8"><iframe src="probe.html" width="360" height="700"
></iframe><pre id="seen"></pre><script>
window.addEventListener('message', (event) => { document.getElementById('seen').textContent = event.data; });
</script>)html";

struct Seen {
  boost::json::object found;
  std::string console;
};

inline Seen look(const Folder& folder, const std::string& page, const std::vector<std::string>& options) {
  std::vector<std::string> words = {"--headless=new",
                                    "--no-sandbox",
                                    "--disable-gpu",
                                    "--disable-dev-shm-usage",
                                    "--no-first-run",
                                    "--user-data-dir=" + (folder / "profile").string(),
                                    "--enable-logging=stderr",
                                    "--virtual-time-budget=3000",
                                    "--dump-dom"};
  words.insert(words.end(), options.begin(), options.end());
  words.push_back("file://" + (folder / page).string());
  for (const char* file : {"dom.txt", "log.txt"}) std::filesystem::remove(folder / file);  // not cut when written again
  namespace bp = boost::process;
  bp::child child(bp::search_path("chromium"), bp::args(words),
                  bp::std_in<bp::null, bp::std_out>(folder / "dom.txt").string(),
                  bp::std_err > (folder / "log.txt").string());
  child.wait();
  const std::string dom = contents(folder / "dom.txt"), log = contents(folder / "log.txt");
  Seen seen;
  std::istringstream lines(log);
  for (std::string line; std::getline(lines, line);) {
    if (line.find("CONSOLE") != std::string::npos) seen.console += line + "\n";
  }
  // The last: the script's own text has the word too.
  const auto end = dom.rfind("}SEEN"), begin = dom.rfind("SEEN{", end);
  INFO(log);
  REQUIRE(end != std::string::npos);
  REQUIRE(begin != std::string::npos);
  seen.found = boost::json::parse(dom.substr(begin + 4, end - begin - 3)).as_object();
  return seen;
}

inline int number(const Seen& seen, const char* key) { return seen.found.at(key).to_number<int>(); }

// The page as the browser shows it, with a reader's script behind it: probe.html, and phone.html around it.
inline void put_in_probe(const Folder& folder, const std::filesystem::path& file, const std::string& reader) {
  std::string page = contents(file);
  const auto end = page.rfind("</body>");
  REQUIRE(end != std::string::npos);
  page.insert(end, reader);
  std::ofstream(folder / "probe.html") << page;
  std::ofstream(folder / "phone.html") << kPhone;
}

}  // namespace kilburn::test
