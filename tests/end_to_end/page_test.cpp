// SPDX-License-Identifier: Apache-2.0
//
// report.html in a browser: no message on the console, everything opens and closes, the filter filters, keys work, it
// fits a phone, it is dark where the reader wants it dark.
#include "tests/end_to_end/browser.h"

using namespace kilburn::test;
namespace bp = boost::process;

namespace {

// What a reader does, and what came of it, as JSON behind the page's end. A script of the page's own: its policy
// allows no other.
const std::string kReader = R"js(<script>
'use strict';
(() => {
const seen = {errors: []};
window.addEventListener('error', (event) => seen.errors.push(event.message));
const box = (element) => element.getBoundingClientRect();
const all = [...document.querySelectorAll('details')];
seen.details = all.length;
seen.opened = 0;
for (const one of all) {
  const was = one.open;
  one.querySelector('summary').click();
  if (one.open !== was) ++seen.opened;
  one.open = true;
}
seen.rows = document.querySelectorAll('#table tbody tr').length;
document.dispatchEvent(new KeyboardEvent('keydown', {key: '/', bubbles: true, cancelable: true}));
seen.focus = document.activeElement.id;
const filter = document.getElementById('filter');
const shown = () => [...document.querySelectorAll('#table tbody tr')].filter((row) => box(row).height > 0).length;
filter.value = 'short-arch';
filter.dispatchEvent(new Event('input'));
seen.filtered = shown();
filter.value = '';
filter.dispatchEvent(new Event('input'));
seen.unfiltered = shown();
// Everything with an action can be reached by the tabulator.
seen.unreachable = [...document.querySelectorAll('a, button, input, summary, .scroll')]
  .filter((element) => !element.hidden && element.tabIndex < 0).length;
const ids = [...document.querySelectorAll('[id]')].map((element) => element.id);
seen.twice = ids.length - new Set(ids).size;
seen.labels = [...document.querySelectorAll('[aria-labelledby]')]
  .filter((element) => !document.getElementById(element.getAttribute('aria-labelledby'))).length;
seen.images = [...document.querySelectorAll('svg')].filter((svg) => !svg.getAttribute('aria-label')).length;
seen.width = document.documentElement.clientWidth;
seen.overflow = document.documentElement.scrollWidth - document.documentElement.clientWidth;
seen.dark = getComputedStyle(document.body).backgroundColor;
const result = document.createElement('pre');
result.id = 'seen';
result.textContent = 'SEEN' + JSON.stringify(seen) + 'SEEN';
document.body.append(result);
if (parent !== window) parent.postMessage(result.textContent, '*');
})();
</script>)js";

}  // namespace

TEST_CASE("the page works in a browser, by keyboard, on a phone, in the dark") {
  if (bp::search_path("chromium").empty()) {
    WARN("not tested: chromium is not installed");
    return;
  }
  const Folder folder;
  std::ofstream(folder / "l.toml") << "[[test]]\nname = \"short\"\noptions = [\"--test\", \"random\", \"--count\", "
                                      "\"100\"]\nvary = { dut = [\"mmu\", \"arch\"] }\nreseed = 30\n"
                                      "[[test]]\nname = \"bug\"\noptions = [\"--test\", \"random\", \"--count\", "
                                      "\"20000\", \"--dut\", \"mmu-bugs\", \"--bug\", \"T61\"]\nseeds = [2, 3, 4]\n";
  REQUIRE(folder.run({"regress", "l.toml", "--out", "old", "--only", "short-*"}).status == 0);
  REQUIRE(folder.run({"regress", "l.toml", "--out", "r"}).status == 1);
  REQUIRE(folder.run({"report", "r", "--against", "old"}).status == 1);
  put_in_probe(folder, folder / "r/report.html", kReader);

  const Seen wide = look(folder, "probe.html", {"--window-size=1200,900"});
  INFO(boost::json::serialize(wide.found) << wide.console);
  CHECK(wide.console.empty());
  CHECK(wide.found.at("errors").as_array().empty());
  CHECK(number(wide, "details") >= 1);
  CHECK(number(wide, "opened") == number(wide, "details"));
  CHECK(number(wide, "rows") == 3);
  CHECK(wide.found.at("focus") == "filter");
  CHECK(number(wide, "filtered") == 1);
  CHECK(number(wide, "unfiltered") == 3);
  for (const char* none : {"unreachable", "twice", "labels", "images", "overflow"}) {
    INFO(none);
    CHECK(number(wide, none) == 0);
  }

  const Seen phone = look(folder, "phone.html", {});
  INFO(boost::json::serialize(phone.found) << phone.console);
  CHECK(phone.console.empty());
  CHECK(number(phone, "width") <= 360);
  CHECK(number(phone, "overflow") == 0);

  const Seen dark = look(folder, "probe.html", {"--blink-settings=preferredColorScheme=0"});
  CHECK(wide.found.at("dark") == "rgb(251, 251, 250)");
  CHECK(dark.found.at("dark") == "rgb(22, 22, 24)");
}
