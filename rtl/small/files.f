# rtl/small in order, from this folder: what it shares with rtl/mmu.sv, then its own.
../mmu_pkg.sv
../tlb_entry_pkg.sv
../access_check_pkg.sv
../direct_check_pkg.sv
../entry_judge.sv
small_port.sv
small_mmu.sv
