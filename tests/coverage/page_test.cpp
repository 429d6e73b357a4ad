// SPDX-License-Identifier: Apache-2.0
//
// The page of `kilburn coverage --html` in a browser: no message on the console, all of it opens, holes stand open and
// say what reaches them, unreachable bins their reason; it fits a phone.
#include "tests/end_to_end/browser.h"

using namespace kilburn::test;
namespace bp = boost::process;

namespace {

// What a reader does, and what came of it, as JSON behind the page's end.
const std::string kReader = R"js(<script>
'use strict';
(() => {
const seen = {errors: []};
window.addEventListener('error', (event) => seen.errors.push(event.message));
const box = (element) => element.getBoundingClientRect();
const points = [...document.querySelectorAll('details[id]')];
seen.points = points.length;
seen.title = document.querySelector('h1').textContent;
const all = [...document.querySelectorAll('details')];
seen.details = all.length;
seen.opened = 0;
for (const one of all) {
  const was = one.open;
  one.querySelector('summary').click();
  if (one.open !== was) ++seen.opened;
  one.open = true;
}
const rows = [...document.querySelectorAll('details[id] tr')];
seen.rows = rows.length;
seen.shown = rows.filter((row) => box(row).height > 0).length;
// A bin that is not reachable has a third cell, its reason.
const reasons = rows.filter((row) => row.cells.length === 3).map((row) => row.cells[2].textContent);
seen.reasons = reasons.length;
seen.silent = reasons.filter((text) => text.length < 10).length;
seen.meters = document.querySelectorAll('meter[aria-label]').length;
seen.hints = [...document.querySelectorAll('p')].filter((p) => p.textContent.includes('kilburn run')).length;
const ids = [...document.querySelectorAll('[id]')].map((element) => element.id);
seen.twice = ids.length - new Set(ids).size;
seen.width = document.documentElement.clientWidth;
seen.overflow = document.documentElement.scrollWidth - document.documentElement.clientWidth;
const result = document.createElement('pre');
result.style.display = 'none';
result.textContent = 'SEEN' + JSON.stringify(seen) + 'SEEN';
document.body.append(result);
if (parent !== window) parent.postMessage(result.textContent, '*');
})();
</script>)js";

}  // namespace

TEST_CASE("the page of coverage works in a browser and on a phone") {
  if (bp::search_path("chromium").empty()) {
    WARN("not tested: chromium is not installed");
    return;
  }
  const Folder folder;
  REQUIRE(folder.run({"run", "--test", "scenes", "--count", "1", "--coverage", "--out", "r"}).status == 0);
  const Ran ran = folder.run({"coverage", "r", "--html", "c.html", "--json", "c.json"});
  REQUIRE(ran.status == 0);
  const auto all = boost::json::parse(contents(folder / "c.json")).at("all").as_object();
  put_in_probe(folder, folder / "c.html", kReader);

  const Seen wide = look(folder, "probe.html", {"--window-size=1200,900"});
  INFO(boost::json::serialize(wide.found) << wide.console);
  CHECK(wide.console.empty());
  CHECK(wide.found.at("errors").as_array().empty());
  CHECK(number(wide, "points") == 42);
  CHECK(number(wide, "meters") == 42);
  CHECK(number(wide, "opened") == number(wide, "details"));
  const auto count = [&](const char* key) { return all.at(key).to_number<int>(); };
  CHECK(number(wide, "rows") == count("reachable") + count("unreachable") + count("illegal"));
  CHECK(number(wide, "shown") == number(wide, "rows"));
  CHECK(number(wide, "reasons") == count("unreachable") + count("illegal"));
  CHECK(number(wide, "hints") >= 10);  // one run leaves holes
  for (const char* none : {"silent", "twice", "overflow"}) {
    INFO(none);
    CHECK(number(wide, none) == 0);
  }

  const Seen phone = look(folder, "phone.html", {});
  INFO(boost::json::serialize(phone.found) << phone.console);
  CHECK(number(phone, "width") <= 360);
  CHECK(number(phone, "overflow") == 0);
}
