# SPDX-License-Identifier: Apache-2.0
#
# Seeded bugs: expressions of the RTL replaced in a copy of the sources; the sources stay as they are.
#
# A bug is a file <id>.bug: the lines "id:", "sentence:", "source:", "formats:", "file:", then the exact
# text of an expression after "--- original" and its replacement after "--- replacement". Where the
# expression alone is not unique, the original has context around it and the expression between two @.
# An original that does not stand exactly once in its file is an error: RTL and bug have drifted apart.

# Reads a .bug file into <prefix>_id, _sentence, _source, _formats, _file, _context, _original, _replacement;
# the context is the original with its two @, the original the bare expression.
function(kilburn_read_bug path prefix)
  file(READ ${path} text)
  foreach(key id sentence source formats file)
    if(NOT "\n${text}" MATCHES "\n${key}: ([^\n]+)\n")
      message(FATAL_ERROR "${path}: no line \"${key}:\"")
    endif()
    set(value "${CMAKE_MATCH_1}")
    if("${value}" MATCHES [=[["\]]=])
      message(FATAL_ERROR "${path}: quote or backslash in \"${key}:\"")
    endif()
    set(${prefix}_${key} "${value}" PARENT_SCOPE)
  endforeach()
  if(NOT "${text}" MATCHES "\n--- original\n(.+)\n--- replacement\n(.+)\n$")
    message(FATAL_ERROR "${path}: no \"--- original\" and \"--- replacement\"")
  endif()
  set(original "${CMAKE_MATCH_1}")
  set(replacement "${CMAKE_MATCH_2}")
  string(FIND "${original}" "@" mark)
  if(mark EQUAL -1)
    set(original "@${original}@")
  endif()
  if(NOT "${original}" MATCHES "^[^@]*@([^@]+)@[^@]*$")
    message(FATAL_ERROR "${path}: the original has no expression between two @")
  endif()
  set(${prefix}_context "${original}" PARENT_SCOPE)
  set(${prefix}_original "${CMAKE_MATCH_1}" PARENT_SCOPE)
  set(${prefix}_replacement "${replacement}" PARENT_SCOPE)
endfunction()

# Copies `sources` to `out_dir` with every bug of `format` in `bug_dir` behind a comparison with
# mmu_bug_pkg::selected (0: no bug), and writes the list of them for the adapter, bugs.inc. With `only` not
# empty, that bug alone is applied, for good. `result` receives the sources to verilate.
function(kilburn_seed_bugs out_dir bug_dir format sources only result)
  if(CMAKE_SCRIPT_MODE_FILE)
    file(GLOB bug_files ${bug_dir}/*.bug)
  else()
    file(GLOB bug_files CONFIGURE_DEPENDS ${bug_dir}/*.bug)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${bug_files} ${sources})
  endif()
  list(SORT bug_files)

  # Bugs of one expression share its place, as a chain of conditions.
  set(places 0)
  set(number 0)
  set(texts "")
  set(numbers "")
  foreach(path IN LISTS bug_files)
    kilburn_read_bug(${path} bug)
    string(REPLACE " " ";" formats "${bug_formats}")
    if(NOT format IN_LIST formats OR (NOT only STREQUAL "" AND NOT bug_id STREQUAL only))
      continue()
    endif()
    math(EXPR number "${number} + 1")
    string(APPEND texts "    \"${bug_id}\\t${bug_sentence}\\t${bug_source}\",\n")
    set(condition "mmu_bug_pkg::selected == ${number}")
    if(NOT only STREQUAL "")
      set(condition "1'b1")
    endif()
    set(found 0)
    set(place 0)
    while(place LESS places)
      math(EXPR place "${place} + 1")
      if("${place_file_${place}}" STREQUAL "${bug_file}" AND "${place_context_${place}}" STREQUAL "${bug_context}")
        set(found ${place})
      endif()
    endwhile()
    if(found EQUAL 0)
      math(EXPR places "${places} + 1")
      set(found ${places})
      set(place_file_${found} "${bug_file}")
      set(place_path_${found} "${path}")
      set(place_context_${found} "${bug_context}")
      set(place_original_${found} "${bug_original}")
      set(place_chain_${found} "")
    endif()
    string(APPEND place_chain_${found} "(${condition}) ? (${bug_replacement}) : ")
  endforeach()
  if(number EQUAL 0)
    message(FATAL_ERROR "no seeded bug \"${only}\" for ${format} in ${bug_dir}")
  endif()

  file(MAKE_DIRECTORY ${out_dir})
  set(copies "")
  foreach(source IN LISTS sources)
    get_filename_component(name ${source} NAME)
    file(READ ${source} pristine)
    set(text "${pristine}")
    set(place 0)
    while(place LESS places)
      math(EXPR place "${place} + 1")
      if(NOT "${place_file_${place}}" STREQUAL name)
        continue()
      endif()
      set(place_file_${place} "")  # applied
      string(REPLACE "@" "" bare "${place_context_${place}}")
      string(FIND "${pristine}" "${bare}" first)
      string(FIND "${pristine}" "${bare}" last REVERSE)
      string(FIND "${text}" "${bare}" now)
      if(first EQUAL -1 OR NOT first EQUAL last OR now EQUAL -1)
        message(FATAL_ERROR "${place_path_${place}}: the original does not stand exactly once in ${source}:\n${bare}")
      endif()
      set(original "${place_original_${place}}")
      string(REPLACE "@${original}@" "(${place_chain_${place}}(${original}))" seeded "${place_context_${place}}")
      string(REPLACE "${bare}" "${seeded}" text "${text}")
    endwhile()
    if(NOT "${text}" STREQUAL "${pristine}" AND name MATCHES "\\.vlt$")
      message(FATAL_ERROR "${source}: a bug in a file of waivers")
    endif()
    file(CONFIGURE OUTPUT ${out_dir}/${name} CONTENT "${text}" @ONLY)
    list(APPEND copies ${out_dir}/${name})
  endforeach()
  set(place 0)
  while(place LESS places)
    math(EXPR place "${place} + 1")
    if(NOT "${place_file_${place}}" STREQUAL "")
      message(FATAL_ERROR "${place_path_${place}}: no source ${place_file_${place}}")
    endif()
  endwhile()

  file(CONFIGURE OUTPUT ${out_dir}/mmu_bug_pkg.sv @ONLY CONTENT
"// Selects the seeded bug of this build, 0 for none. Written by rtl/bugs/KilburnBugs.cmake.
package mmu_bug_pkg;
  int selected /* verilator public_flat_rw */ = 0;
endpackage
")
  file(CONFIGURE OUTPUT ${out_dir}/bugs.inc @ONLY CONTENT
"// Seeded bugs: ID, sentence, source. The n-th has number n. Written by rtl/bugs/KilburnBugs.cmake.
constexpr const char* kBugs[] = {
${texts}    nullptr,
};
")
  set(${result} ${out_dir}/mmu_bug_pkg.sv ${copies} PARENT_SCOPE)
endfunction()
