# What mmu_axi.sv needs beyond files.f, in dependency order
axi_adapter.sv
mmu_axi.sv
