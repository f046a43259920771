/* The memory interface: addresses and meaning as in the original game.
   u16 and 24-bit numbers are big-endian, money is BCD. */
#ifndef ABI_H
#define ABI_H

#include "types.h"

/* Sprites: slot 0 is the player, 1-15 the people of the map. */
#define SPRITE_SIZE 16
#define NUM_SPRITES 16
#define wSpriteState1 BYTES(0xC100)
#define wSpriteState2 BYTES(0xC200)
#define SPRITE1(slot) (wSpriteState1 + ((u16)(slot) << 4))
#define SPRITE2(slot) (wSpriteState2 + ((u16)(slot) << 4))
#define SPRITE_PICTURE 0  /* state 1: 0 = none */
#define SPRITE_STATUS 1
#define SPRITE_IMAGE 2    /* state 1: 0xFF = not shown */
#define SPRITE_Y_PX 4
#define SPRITE_X_PX 6
#define SPRITE_ANIM 8
#define SPRITE_FACING 9
#define SPRITE_MAP_Y 4    /* state 2: coordinate + 4 */
#define SPRITE_MAP_X 5
#define SPRITE_MOVEMENT 6
#define SPRITE_DELAY 8
#define FACING_DOWN 0x0
#define FACING_UP 0x4
#define FACING_LEFT 0x8
#define FACING_RIGHT 0xC
#define wPlayerFacing RAM8(0xC109)

#define wShadowOAM BYTES(0xC300)
#define wTileMap BYTES(0xC3A0)
#define wTileMapBackup BYTES(0xC508)
#define SCREEN_COLUMNS 20
#define SCREEN_ROWS 18
#define SCREEN_TILES 360

/* Menus */
#define wTopMenuItemY RAM8(0xCC24)
#define wTopMenuItemX RAM8(0xCC25)
#define wCurrentMenuItem RAM8(0xCC26)
#define wMaxMenuItem RAM8(0xCC28)
#define wMenuWatchedKeys RAM8(0xCC29)
#define wLastMenuItem RAM8(0xCC2A)
#define wPlayerMonNumber RAM8(0xCC2F)
#define wMenuCursorLocation RAM16(0xCC30)
#define wListScrollOffset RAM8(0xCC36)

/* Control */
#define wPlayerMonStatMods BYTES(0xCD1A)
#define wEnemyMonStatMods BYTES(0xCD2E)
#define wSimulatedJoypadStatesIndex RAM8(0xCD38)
#define wJoyIgnore RAM8(0xCD6B)

#define wBattleResult RAM8(0xCF0B)
#define wTileStoodOn RAM8(0xCF0E)
#define wFontLoaded RAM8(0xCFC4)
#define wWalkCounter RAM8(0xCFC5)
#define wTileInFront RAM8(0xCFC6)
#define wUpdateSpritesEnabled RAM8(0xCFCB)

/* Battle */
#define wEnemyMonSpecies2 RAM8(0xCFD8)
#define wEnemyMonNick BYTES(0xCFDA)
#define wEnemyMon BYTES(0xCFE5)
#define wBattleMonNick BYTES(0xD009)
#define wBattleMon BYTES(0xD014)
#define wTrainerClass RAM8(0xD031)
#define wIsInBattle RAM8(0xD057)
#define wCurOpponent RAM8(0xD059)
#define wTrainerNo RAM8(0xD05D)
#define wDamage BYTES(0xD0D7)
#define wRepelRemainingSteps RAM8(0xD0DB)
#define wTextBoxID RAM8(0xD125)
#define wCurEnemyLevel RAM8(0xD127)
#define NOT_IN_BATTLE 0
#define WILD_BATTLE 1
#define TRAINER_BATTLE 2
#define LOST_BATTLE 0xFF
#define OPPONENT_TRAINER 200

/* Offsets in the battle structs (29 bytes); the first 13 equal the party's but have no OT, exp. */
#define BATTLE_SPECIES 0
#define BATTLE_HP 1
#define BATTLE_PARTY_POS 3
#define BATTLE_STATUS 4
#define BATTLE_TYPE1 5
#define BATTLE_TYPE2 6
#define BATTLE_CATCH_RATE 7
#define BATTLE_MOVES 8
#define BATTLE_DVS 12
#define BATTLE_LEVEL 14
#define BATTLE_MAX_HP 15
#define BATTLE_ATTACK 17
#define BATTLE_DEFENSE 19
#define BATTLE_SPEED 21
#define BATTLE_SPECIAL 23
#define BATTLE_PP 25
#define BATTLE_STRUCT_SIZE 29

#define TEXT_BOX_MESSAGE 0x01
#define TEXT_BOX_BATTLE_MENU 0x0B
#define TEXT_BOX_LIST 0x0D
#define TEXT_BOX_TWO_OPTION 0x14
#define TEXT_BOX_BUY_SELL_QUIT 0x15

/* Player and party */
#define wPlayerName BYTES(0xD158)
#define wPartyCount RAM8(0xD163)
#define wPartySpecies BYTES(0xD164)
#define wPartyMons BYTES(0xD16B)
#define wPartyMonOT BYTES(0xD273)
#define wPartyMonNicks BYTES(0xD2B5)
#define PARTY_LENGTH 6
#define PARTY_STRUCT_SIZE 44
#define NAME_LENGTH 11
#define MON_SPECIES 0
#define MON_HP 1
#define MON_BOX_LEVEL 3
#define MON_STATUS 4
#define MON_TYPE1 5
#define MON_TYPE2 6
#define MON_CATCH_RATE 7
#define MON_MOVES 8
#define MON_OT_ID 12
#define MON_EXP 14
#define MON_STAT_EXP 17
#define MON_DVS 27
#define MON_PP 29
#define MON_LEVEL 33
#define MON_MAX_HP 34
#define MON_ATTACK 36
#define MON_DEFENSE 38
#define MON_SPEED 40
#define MON_SPECIAL 42
#define STATUS_SLEEP_MASK 0x07
#define STATUS_POISON 0x08
#define STATUS_PARALYSIS 0x40

#define wPokedexOwned BYTES(0xD2F7)
#define wPokedexSeen BYTES(0xD30A)
#define wNumBagItems RAM8(0xD31D)
#define wBagItems BYTES(0xD31E)
#define BAG_CAPACITY 20
#define wPlayerMoney BYTES(0xD347)
#define wRivalName BYTES(0xD34A)
#define wOptions RAM8(0xD355)
#define TEXT_DELAY_MASK 0x07
#define wObtainedBadges RAM8(0xD356)
#define wPlayerID BYTES(0xD359)

/* Where the player is */
#define wCurMap RAM8(0xD35E)
#define wYCoord RAM8(0xD361)
#define wXCoord RAM8(0xD362)
#define wYBlockCoord RAM8(0xD363)
#define wXBlockCoord RAM8(0xD364)
#define wLastMap RAM8(0xD365)
#define wCurMapTileset RAM8(0xD367)
#define wCurMapHeight RAM8(0xD368)
#define wCurMapWidth RAM8(0xD369)
#define wNumberOfWarps RAM8(0xD3AE)
#define wWarpEntries BYTES(0xD3AF)
#define wDestinationWarpID RAM8(0xD42F)
#define wNumSigns RAM8(0xD4B0)
#define wSignCoords BYTES(0xD4B1)
#define wNumSprites RAM8(0xD4E1)
#define wCurrentMapHeight2 RAM8(0xD524)
#define wCurrentMapWidth2 RAM8(0xD525)
#define wPlayerMovingDirection RAM8(0xD528)
#define wPlayerLastStopDirection RAM8(0xD529)
#define wPlayerDirection RAM8(0xD52A)
#define wTilesetCollisionPtr RAM16(0xD530)
#define wGrassTile RAM8(0xD535)
#define DIRECTION_RIGHT 1
#define DIRECTION_LEFT 2
#define DIRECTION_DOWN 4
#define DIRECTION_UP 8
#define LAST_MAP 0xFF
#define FIRST_INDOOR_MAP 37

/* Progress */
#define wNumHoFTeams RAM8(0xD5A2)
#define wToggleableObjectFlags BYTES(0xD5A6)
#define wObtainedHiddenItemsFlags BYTES(0xD6F0)
#define wTownVisitedFlag BYTES(0xD70B)
#define wLastBlackoutMap RAM8(0xD719)
#define wStatusFlags5 RAM8(0xD730)
#define SCRIPTED_MOVEMENT 0x80
#define wStatusFlags6 RAM8(0xD732)
#define COUNT_PLAY_TIME 0x01
#define wMovementFlags RAM8(0xD736)
#define wEventFlags BYTES(0xD747)
#define wGrassRate RAM8(0xD887)
#define wGrassMons BYTES(0xD888)
#define NUM_WILD_SLOTS 10
#define wEnemyPartyCount RAM8(0xD89C)
#define wEnemyPartySpecies BYTES(0xD89D)
#define wEnemyMons BYTES(0xD8A4)
#define wPlayTimeHours RAM8(0xDA41)
#define wPlayTimeMinutes RAM8(0xDA43)
#define wPlayTimeSeconds RAM8(0xDA44)
#define wBoxCount RAM8(0xDA80)

/* High RAM */
#define hSCX RAM8(0xFFAE)
#define hSCY RAM8(0xFFAF)
#define hWY RAM8(0xFFB0)
#define WINDOW_HIDDEN 0x90
#define hJoyReleased RAM8(0xFFB2)
#define hJoyPressed RAM8(0xFFB3)
#define hJoyHeld RAM8(0xFFB4)
#define hAutoBGTransferEnabled RAM8(0xFFBA)
#define hAutoBGTransferPortion RAM8(0xFFBB)
#define hAutoBGTransferDest RAM16(0xFFBC)
#define hFrameCounter RAM8(0xFFD5)
#define hTileAnimations RAM8(0xFFD7) /* nothing moves here, but readers expect it nonzero */
#define hWhoseTurn RAM8(0xFFF3)
#define hJoyInput RAM8(0xFFF8)
#define PAD_A 0x01
#define PAD_B 0x02
#define PAD_SELECT 0x04
#define PAD_START 0x08
#define PAD_RIGHT 0x10
#define PAD_LEFT 0x20
#define PAD_UP 0x40
#define PAD_DOWN 0x80
#define PAD_DIRECTIONS 0xF0
#define PAD_EVERYTHING 0xFF

#endif
