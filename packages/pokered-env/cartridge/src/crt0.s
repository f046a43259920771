; Vectors, header, boot, the VBlank interrupt, and the routines that must be
; fast or must sit in bank 0. Calling convention: SDCC 4.2 sdcccall(1):
; u8 in a, then e; u16 in de, then bc; results u8 in a, u16 in bc.
        .module crt0
        .globl _main

; hardware
rSCY    = 0x42
rSCX    = 0x43
rWY     = 0x4A
rWX     = 0x4B
; high RAM of the memory interface
hSCX    = 0xAE
hSCY    = 0xAF
hWY     = 0xB0
hTransferEnabled = 0xBA
hTransferPortion = 0xBB
hTransferDest    = 0xBC
hRandomHigh = 0xD3
hRandomLow  = 0xD4
hFrameCounter = 0xD5
hVBlankFlag   = 0xD6
hJoyInput   = 0xF8
hRoutine    = 0x80      ; OAM DMA routine, 10 bytes
; private RAM (src/private.h holds the same addresses)
cell_tiles  = 0xC000
redraw_mode = 0xC6B0
redraw_dest = 0xC6B1
far_bank    = 0xC6B3
far_length  = 0xC6B4
saved_stack = 0xC6B6
frames_done = 0xC6B8
map_bank    = 0xC6B9
map_stride  = 0xC6BA
view        = 0xC6E8
redraw_tiles = 0xC770
; ABI
tile_map    = 0xC3A0
status_flags6 = 0xD732
play_hours  = 0xDA41
play_minutes = 0xDA43
play_seconds = 0xDA44
play_frames = 0xDA45

        .area _HEADER (ABS)
        .org 0x38       ; 0xFF executed by mistake ends here
crash:  di
        jr crash
        .org 0x40
        jp vblank
        .org 0x48
        reti
        .org 0x50
        reti
        .org 0x58
        reti
        .org 0x60
        reti
        .org 0x100
        nop
        jp boot

        .org 0x150
boot:   di
        ld sp, #0xE000
wait_vblank$:
        ldh a, (0x44)
        cp #145
        jr nz, wait_vblank$
        xor a
        ldh (0x40), a
        ldh (0x26), a
        ldh (0xFF), a
        ldh (0x0F), a
        ld hl, #0xC000
        ld bc, #0x1FF0  ; all but the stack's top
        call fill
        ld hl, #0x8000
        ld bc, #0x2000
        call fill
        ld hl, #0xFE00
        ld bc, #0x00A0
        call fill
        ld hl, #0xFF80
        ld bc, #0x007F
        call fill
        ld hl, #dma_routine
        ld c, #hRoutine
        ld b, #10
copy_dma$:
        ld a, (hl+)
        ldh (c), a
        inc c
        dec b
        jr nz, copy_dma$
        ld a, #1
        ld (0x2000), a
        ld a, #7
        ldh (rWX), a
        ld a, #0x90
        ldh (rWY), a
        ldh (hWY), a
        ld a, #0x9C
        ldh (hTransferDest + 1), a
        ld a, #1
        ldh (0xFF), a
        ei
        call _main
stop$:  halt
        nop
        jr stop$

; hl = from, bc = how many; fills with zero
fill:   xor a
        ld (hl+), a
        dec bc
        ld a, b
        or c
        jr nz, fill
        ret

dma_routine:
        ld a, #0xC3
        ldh (0x46), a
        ld a, #0x28
dma_wait$:
        dec a
        jr nz, dma_wait$
        ret

        .area _CODE     ; linked first: these stay in bank 0

; ---------------------------------------------------------------- VBlank
vblank: push af
        push bc
        push de
        push hl
        ldh a, (hSCX)
        ldh (rSCX), a
        ldh a, (hSCY)
        ldh (rSCY), a
        ldh a, (hWY)
        ldh (rWY), a
        ldh a, (hTransferEnabled)
        or a
        call nz, transfer_third
        ld a, (redraw_mode)
        or a
        call nz, redraw
        call 0xFF80
        call read_joypad
        call _random
        xor a
        ldh (hVBlankFlag), a
        ld hl, #frames_done
        inc (hl)
        ldh a, (hFrameCounter)
        or a
        jr z, 1$
        dec a
        ldh (hFrameCounter), a
1$:     call play_time
        pop hl
        pop de
        pop bc
        pop af
        reti

; Copies six rows of the tile map to the window map, a third a frame.
transfer_third:
        ld (saved_stack), sp
        ldh a, (hTransferPortion)
        ld b, a
        inc a
        cp #3
        jr c, 1$
        xor a
1$:     ldh (hTransferPortion), a
        ld hl, #tile_map
        ldh a, (hTransferDest)
        ld e, a
        ldh a, (hTransferDest + 1)
        ld d, a
        inc b
2$:     dec b
        jr z, 3$
        ld a, #120
        add a, l
        ld l, a
        jr nc, 4$
        inc h
4$:     ld a, e
        add a, #192
        ld e, a
        jr nc, 2$
        inc d
        jr 2$
3$:     ld sp, hl
        ld h, d
        ld l, e
        ld b, #6
5$:
        .rept 9
        pop de
        ld a, e
        ld (hl+), a
        ld a, d
        ld (hl+), a
        .endm
        pop de
        ld a, e
        ld (hl+), a
        ld (hl), d
        ld de, #13
        add hl, de
        dec b
        jr nz, 5$
        ld hl, #saved_stack
        ld a, (hl+)
        ld h, (hl)
        ld l, a
        ld sp, hl
        ret

; Draws a column (mode 1) or a row (mode 2) of the background map while walking.
redraw: ld b, a
        xor a
        ld (redraw_mode), a
        ld a, (redraw_dest)
        ld l, a
        ld a, (redraw_dest + 1)
        ld h, a
        ld de, #redraw_tiles
        dec b
        jr nz, redraw_row
        ld c, #18
1$:     ld a, (de)
        inc de
        ld (hl+), a
        ld a, (de)
        inc de
        ld (hl), a
        ld a, l
        add a, #31
        ld l, a
        jr nc, 2$
        inc h
        ld a, h
        and #3
        or #0x98
        ld h, a
2$:     dec c
        jr nz, 1$
        ret
redraw_row:
        push hl
        call row20
        pop hl
        ld bc, #32
        add hl, bc
        ld a, h
        and #3
        or #0x98
        ld h, a
row20:  ld c, #20
        ld a, l
        and #0xE0
        ld b, a
1$:     ld a, (de)
        inc de
        ld (hl), a
        ld a, l
        inc a
        and #0x1F
        or b
        ld l, a
        dec c
        jr nz, 1$
        ret

read_joypad:
        ld c, #0
        ld a, #0x20
        ldh (c), a
        ldh a, (c)
        ldh a, (c)
        cpl
        and #0x0F
        swap a
        ld b, a
        ld a, #0x10
        ldh (c), a
        ldh a, (c)
        ldh a, (c)
        ldh a, (c)
        ldh a, (c)
        cpl
        and #0x0F
        or b
        ldh (hJoyInput), a
        ld a, #0x30
        ldh (c), a
        ret

play_time:
        ld a, (status_flags6)
        rrca
        ret nc
        ld hl, #play_frames
        inc (hl)
        ld a, (hl)
        sub #60
        ret nz
        ld (hl-), a
        inc (hl)
        ld a, (hl)
        sub #60
        ret nz
        ld (hl-), a
        inc (hl)
        ld a, (hl)
        sub #60
        ret nz
        ld (hl-), a
        dec hl
        inc (hl)
        ret nz
        dec (hl)        ; 255 hours stay 255
        ret

; u8 random(void): 16-bit xorshift (7, 9, 8); zero is not a state
_random::
        push hl
        ldh a, (hRandomHigh)
        ld h, a
        ldh a, (hRandomLow)
        ld l, a
        or h
        jr nz, 1$
        ld hl, #0xACE1
1$:     ; x ^= x << 7
        ld a, h
        rrca            ; bit 0 of h is lost, its carry is bit 7 of l's share
        ld a, l
        rra
        ; (x << 7) = low bit of h and all of l, then bit 0 of l on top of the low byte
        push bc
        ld b, a         ; high byte: h0 l7..l1
        ld a, l
        rrca
        and #0x80
        ld c, a         ; low byte: l0 0000000
        ld a, b
        xor h
        ld h, a
        ld a, c
        xor l
        ld l, a
        pop bc
        ; x ^= x >> 9
        ld a, h
        srl a
        xor l
        ld l, a
        ; x ^= x << 8
        ld a, l
        xor h
        ld h, a
        ldh (hRandomHigh), a
        ld a, l
        ldh (hRandomLow), a
        ld a, h
        pop hl
        ret

; ---------------------------------------------------------------- waiting
; void delay_frame(void): sleeps until the next VBlank has been handled
_delay_frame::
        ld a, #1
        ldh (hVBlankFlag), a
1$:     di
        ldh a, (hVBlankFlag)
        or a
        jr z, 2$
        halt
        nop
        ei
        nop
        jr 1$
2$:     ei
        ret

; void delay_two_frames(void): two VBlanks since this was last left
_delay_two_frames::
1$:     di
        ld a, (frames_done)
        cp #2
        jr nc, 2$
        halt
        nop
        ei
        nop
        jr 1$
2$:     xor a
        ld (frames_done), a
        ei
        ret

; ---------------------------------------------------------------- banked data
; void far_copy(void *dest, u16 source), bank and length in far_bank, far_length
_far_copy::
        ld a, (far_bank)
        ld (0x2000), a
        ld a, (far_length)
        ld l, a
        ld a, (far_length + 1)
        ld h, a
        or l
        jr z, 2$
1$:     ld a, (bc)
        inc bc
        ld (de), a
        inc de
        dec hl
        ld a, h
        or l
        jr nz, 1$
2$:     ld a, #1
        ld (0x2000), a
        ret

; u8 far_byte(u16 source)
_far_byte::
        ld a, (far_bank)
        ld (0x2000), a
        ld a, (de)
        ld b, a
        ld a, #1
        ld (0x2000), a
        ld a, b
        ret

; void far_copy_vram(u16 dest, u16 source): as far_copy, waits for the screen to let go of VRAM
_far_copy_vram::
        ld a, (far_bank)
        ld (0x2000), a
1$:     call await_vram
        ld a, (bc)
        ld (de), a
        ei
        call copied_one
        jr nz, 1$
        jr to_bank_1

; void far_copy_vram_double(u16 dest, u16 source): 1 bit a pixel, every byte twice
_far_copy_vram_double::
        ld a, (far_bank)
        ld (0x2000), a
1$:     call await_vram
        ld a, (bc)
        ld (de), a
        inc de
        ld (de), a
        ei
        call copied_one
        jr nz, 1$
to_bank_1:
        ld a, #1
        ld (0x2000), a
        ret

; To the next byte; z when far_length have been copied.
copied_one:
        inc bc
        inc de
        ld hl, #far_length
        ld a, (hl)
        sub #1
        ld (hl+), a
        jr nc, 1$
        dec (hl)
1$:     ld a, (hl-)
        or (hl)
        ret

; Returns with interrupts off when VRAM may be written for the next 20 cycles.
await_vram:
        di
1$:     ldh a, (0x41)
        and #2
        jr nz, 1$
        ret

; void write_vram(u16 dest, u8 value)
_write_vram::
        ld b, a
        call await_vram
        ld a, b
        ld (de), a
        ei
        ret

; ---------------------------------------------------------------- the map
; void load_view(u16 cells): 11 rows of 12 cells round the player
_load_view::
        ld a, (map_bank)
        ld (0x2000), a
        ld hl, #view
        ld b, #11
1$:     ld c, #12
2$:     ld a, (de)
        inc de
        ld (hl+), a
        dec c
        jr nz, 2$
        ld a, (map_stride)
        sub #12
        add a, e
        ld e, a
        jr nc, 3$
        inc d
3$:     dec b
        jr nz, 1$
        ld a, #1
        ld (0x2000), a
        ret

; void draw_view(void): the 10 x 9 cells in the middle of the view to the tile map
_draw_view::
        ld de, #view + 13
        ld hl, #tile_map
        ld a, #9
1$:     push af
        push de
        call top_row
        pop de
        push de
        call bottom_row
        pop de
        ld a, e
        add a, #12
        ld e, a
        jr nc, 2$
        inc d
2$:     pop af
        dec a
        jr nz, 1$
        ret
top_row:
        ld b, #>cell_tiles
        .rept 10
        ld a, (de)
        inc de
        add a, a
        add a, a
        ld c, a
        ld a, (bc)
        inc c
        ld (hl+), a
        ld a, (bc)
        ld (hl+), a
        .endm
        ret
bottom_row:
        ld b, #>cell_tiles
        .rept 10
        ld a, (de)
        inc de
        add a, a
        add a, a
        or #2
        ld c, a
        ld a, (bc)
        inc c
        ld (hl+), a
        ld a, (bc)
        ld (hl+), a
        .endm
        ret

        ; areas follow each other in the order they are first named
        .area _HOME     ; multiplication and division of sm83.lib
