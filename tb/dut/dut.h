/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The contract between Kilburn and a device under test: one versioned C struct of functions.
 *
 * A DUT is a shared library that exports `const kilburn_dut_api *kilburn_dut(void)`. The pins
 * are those of rtl/README.md. All outputs are functions of registers: the outputs that clock()
 * returns are the ones of the following cycle and do not depend on that cycle's inputs.
 *
 * Every field has the width of its pin in the comment; unused upper bits are 0. The structs have
 * no padding, so that two of them can be compared with memcmp.
 */
#ifndef KILBURN_DUT_H
#define KILBURN_DUT_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define KILBURN_DUT_MAGIC 0x4B494C42u /* "KILB" */
#define KILBURN_DUT_ABI 3u

/* One request port (instruction or data), MMU inputs. */
typedef struct kilburn_req_in {
  uint64_t va;       /* 64 */
  uint8_t id;        /* 4 */
  uint8_t valid;     /* 1 */
  uint8_t write;     /* 1: store; 0 on the instruction port */
  uint8_t mode;      /* 2: layout.def Mode */
  uint8_t ac;        /* 1: EFLAGS.AC; 0 on the instruction port */
  uint8_t implicit;  /* 1: x86-64 implicit supervisor access; 0 on the instruction port */
  uint8_t rsp_ready; /* 1 */
  uint8_t pad;       /* 0 */
} kilburn_req_in;

/* One request port, MMU outputs. Every rsp_ field is 0 while rsp_valid is 0. */
typedef struct kilburn_req_out {
  uint64_t rsp_pa;    /* 52: 0 on a fault */
  uint16_t rsp_err;   /* 16: x86-64 error code of a PF, else 0 */
  uint8_t req_ready;  /* 1 */
  uint8_t rsp_valid;  /* 1 */
  uint8_t rsp_id;     /* 4 */
  uint8_t rsp_fault;  /* 4: layout.def Fault */
  uint8_t rsp_level;  /* 3: level of the entry that decided a walk's fault, else 0 */
  uint8_t rsp_size;   /* 6: log2 bytes of the page; 0 on a fault */
  uint8_t rsp_mt;     /* 3: {PAT, PCD, PWT}; 0 on a fault */
  uint8_t rsp_global; /* 1; 0 on a fault */
  uint8_t pad[6];     /* 0 */
} kilburn_req_out;

typedef struct kilburn_dut_in {
  uint64_t ctx_root; /* 52 */
  uint32_t ctx_ctl;  /* 32: layout.def Controls */
  uint32_t ctx_asid; /* 12 */
  uint32_t ctx_pkru; /* 32: x86-64 protection-key rights of user pages */
  uint32_t ctx_pkrs; /* 32: of supervisor pages */
  kilburn_req_in i;
  kilburn_req_in d;
  uint64_t inv_va;       /* 64 */
  uint64_t inv_pte;      /* 64: the entry of FILL_I and FILL_D */
  uint32_t inv_asid;     /* 12 */
  uint8_t inv_valid;     /* 1 */
  uint8_t inv_op;        /* 4: layout.def Inv */
  uint8_t mem_req_ready; /* 1 */
  uint8_t mem_rsp_valid; /* 1 */
  uint64_t mem_rsp_data; /* 64: the word read, or the word before the compare-and-swap */
  uint32_t cfg;          /* 32: layout.def Config; constant from reset on */
  uint8_t mem_rsp_id;    /* 4 */
  uint8_t mem_rsp_match; /* 1: the compare-and-swap was done */
  uint8_t mem_rsp_err;   /* 1: bus error */
  uint8_t evt_sel;       /* 5: layout.def Event */
} kilburn_dut_in;

typedef struct kilburn_dut_out {
  kilburn_req_out i;
  kilburn_req_out d;
  uint64_t mem_req_addr; /* 52: 8-byte aligned; every mem_req_ field is 0 while valid is 0 */
  uint64_t mem_req_cmp;  /* 64: 0 for a read */
  uint64_t mem_req_data; /* 64: 0 for a read */
  uint32_t evt_count;    /* 32: the counter that evt_sel chose in the cycle before */
  uint8_t mem_req_valid; /* 1 */
  uint8_t mem_req_op;    /* 1: layout.def MemOp */
  uint8_t mem_req_id;    /* 4 */
  uint8_t inv_ready;     /* 1 */
  uint8_t inv_ack;       /* 1 */
  uint8_t pad[7];        /* 0 */
} kilburn_dut_out;

/* One TLB entry, in architectural terms. An invalid entry is all 0. */
typedef struct kilburn_tlb_entry {
  uint64_t va;     /* first byte of the page, bits above the virtual width 0 */
  uint64_t pa;     /* first byte of the frame */
  uint16_t asid;   /* 12 */
  uint16_t rights; /* x86-64: layout.def X86Rights; Alpha: PTE<15:0> */
  uint8_t valid;   /* 1 */
  uint8_t size;    /* log2 bytes */
  uint8_t global;  /* 1 */
  uint8_t mt;      /* 3 */
} kilburn_tlb_entry;

/* What was built: fixed for the library. */
typedef struct kilburn_dut_config {
  uint32_t format;    /* layout.def Format */
  uint32_t cfg;       /* layout.def Config that was built in; looked at where cfg_pins is 0 */
  uint32_t cfg_pins;  /* 1: follows the cfg pins; 0: ignores them */
  uint32_t features;  /* layout.def Feature: what the DUT implements beyond the base format */
  uint32_t exact;     /* 1: claims to behave cycle for cycle as rtl/README.md, so `--check exact` applies */
  /* Parameters of rtl/README.md; what the DUT does not have is 0. */
  uint32_t i_entries, d_entries;
  uint32_t i_misses, d_misses;
  uint32_t l2_sets, l2_large_sets, l2_ways;
  uint32_t psc_entries[4]; /* of levels 2 to 5, those that the format has */
  uint32_t walkers, policy, rewalk, prefetch;
  uint32_t reserved[12];
} kilburn_dut_config;

typedef struct kilburn_dut_api {
  uint32_t magic;    /* KILBURN_DUT_MAGIC */
  uint32_t abi;      /* KILBURN_DUT_ABI */
  uint32_t api_size; /* sizeof of each struct, so that a mixed build is refused by name */
  uint32_t in_size;
  uint32_t out_size;
  uint32_t entry_size;
  uint32_t config_size;
  uint32_t reserved;
  const char* name;        /* "mmu" */
  const char* description; /* one line */
  kilburn_dut_config config;

  /* A new instance in reset; seed (never 0) randomises what reset leaves undefined. NULL: no memory. */
  void* (*create)(uint64_t seed);
  void (*destroy)(void* self);
  /* Holds reset for a few clocks with `cfg` on the configuration pins, which stay so until the next
   * reset; fills the outputs of the first cycle after it. */
  void (*reset)(void* self, uint32_t cfg, kilburn_dut_out* out);
  /* One clock: applies the inputs of this cycle and the rising edge, returns the next cycle's outputs. */
  void (*clock)(void* self, const kilburn_dut_in* in, kilburn_dut_out* out);
  /* Contents of entry `index` of a structure without a clock. 0 the instruction L1 TLB; 1 the data L1 TLB; 2 the L2
   * TLB, bank after bank, set after set, way after way; 3 the paging-structure caches, level 2 first, an entry being
   * its prefix (va), the next table (pa), log2 of the span of one entry of its level (size), asid and, in x86-64, the
   * rights W, U, NX. 0: done,
   * -1: no such entry. NULL where the DUT offers no view of its contents. */
  int (*probe)(void* self, int side, uint32_t index, kilburn_tlb_entry* entry);
  /* Starts an FST file; 0 done, -1 not possible. NULL where the DUT cannot trace. */
  int (*waves_open)(void* self, const char* path);
  void (*waves_close)(void* self);
  /* Seeded bugs: NULL-terminated list of "ID<TAB>one sentence<TAB>source", and the choice of one by
   * ID ("" for none): 0 done, -1 unknown. Both NULL in a library without bugs. */
  const char* const* bugs;
  int (*set_bug)(void* self, const char* id);
} kilburn_dut_api;

typedef const kilburn_dut_api* (*kilburn_dut_entry)(void);

#ifdef __cplusplus
}
#endif
#endif
