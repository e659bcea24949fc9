// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {TermsKind} from "../src/interfaces/ILicenses.sol";
import {ISettlement} from "../src/interfaces/ISettlement.sol";
import {OPERATOR} from "../src/Roles.sol";
import {Stage} from "./base/Stage.sol";
import {vm} from "./base/Vm.sol";

/// @dev Who can cheat whom, row by row of the licensing design, as far as contracts can tell. That an operator serves
///      without crediting, or plots with the user, no contract can see.
contract CheatingTest is Stage {
    uint128 private constant DEPOSIT = 20e6;
    uint256 private asset;
    uint256 private license;

    function setUp() public override {
        super.setUp();
        asset = _anAsset();
        license = _metered(asset, DEPOSIT);
    }

    function test_a_user_who_takes_the_deposit_out_after_being_served_pays_first() public {
        vm.prank(holder);
        settlement.requestWithdraw(license, 0, DEPOSIT);
        vm.warp(block.timestamp + DELAY - 1);
        same(_redeem(asset, _item(license, 5e6, 5e6)), 5e6, "charged in the last second");
        vm.warp(block.timestamp + 1);
        vm.prank(holder);
        same(settlement.withdraw(license, 0), DEPOSIT - 5e6, "the rest");
    }

    /// Pitfall 6: whatever changes between two charges, each unit is charged once.
    function test_a_new_signer_or_holder_makes_nothing_payable_twice() public {
        ISettlement.Item memory first = _item(license, 5e6, 5e6);
        _redeem(asset, first);
        vm.prank(holder);
        licenses.setSigner(license, vm.addr(77));
        same(_redeem(asset, first), 0, "after a change of signer");
        same(_redeem(asset, _item(license, 0, 5e6, 5e6, 77)), 0, "the new signer confirms the same total");
        vm.prank(holder);
        licenses.transferFrom(holder, stranger, license);
        same(_redeem(asset, first), 0, "after a change of hands");
        same(_redeem(asset, _item(license, 0, 6e6, 6e6, 77)), 1e6, "the seller's channel goes on from its total");
    }

    function test_an_operator_charges_up_to_the_signature_and_no_unit_more(uint128 ceiling, uint128 claimed) public {
        ceiling = uint128(within(ceiling, 1, DEPOSIT));
        claimed = uint128(within(claimed, 1, 2 * DEPOSIT));
        uint256 moved = _redeem(asset, _item(license, ceiling, claimed));
        same(moved, claimed <= ceiling ? claimed : 0, "charged");
    }

    function test_an_operator_cannot_pay_a_pool_to_whom_it_likes() public {
        uint256 agent = _register(0, 2500, _one(asset));
        uint256 friend = _anAsset();
        ISettlement.Item[] memory items = new ISettlement.Item[](1);
        items[0] = _item(_metered(agent, DEPOSIT), 4e6, 4e6);
        ISettlement.Line[] memory lines = new ISettlement.Line[](1);
        lines[0] = ISettlement.Line(friend, 1);
        ISettlement.Group[] memory groups = _group(agent, items, lines);
        bytes memory signature = _signed(groups, keccak256("root"), OPERATOR_KEY);
        bytes32 head = settlement.usageHead();
        vm.expectRevert(abi.encodeWithSelector(ISettlement.NotADependency.selector, agent, friend));
        settlement.redeem(head, keccak256("root"), "usage.jsonl", groups, signature);
        lines[0].assetId = asset;
        _redeem(_group(agent, items, lines));
        same(settlement.grossOf(agent), 3e6, "the fixed part is not the operator's to move");
        same(settlement.grossOf(asset), 1e6, "the pool");
    }

    /// A stolen operator key opens nothing, and its batches can only pay assets what payers signed for.
    function test_a_stolen_operator_key_takes_no_escrow() public {
        address thief = vm.addr(OPERATOR_KEY);
        bytes[7] memory attempts = [
            abi.encodeCall(ISettlement.withdraw, (license, 0)),
            abi.encodeCall(ISettlement.requestWithdraw, (license, 0, 1)),
            abi.encodeCall(ISettlement.setTreasury, (thief)),
            abi.encodeCall(ISettlement.pause, ()),
            abi.encodeCall(ISettlement.openFor, (holder, license, 1)),
            abi.encodeCall(ISettlement.recordSale, (holder, asset, 1)),
            abi.encodeCall(ISettlement.changeSigner, (license, 0, thief))
        ];
        for (uint256 i = 0; i < attempts.length; i++) {
            vm.prank(thief);
            (bool accepted,) = address(settlement).call(attempts[i]);
            holds(!accepted, "the operator's key opened something");
        }
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, thief));
        vm.prank(thief);
        registry.setFrozen(asset, true);

        // Its worst: the highest ceiling signed, at once. The money goes to the asset's receipts, and to nobody else.
        _redeem(asset, _item(license, 5e6, 5e6));
        uint256[] memory all = _two(asset << 64, asset << 64 | 1);
        settlement.claim(all);
        settlement.claimFee(_one(asset));
        same(currency.balanceOf(thief), 0, "the thief's");
        same(currency.balanceOf(address(settlement)), DEPOSIT - 5e6, "what is not signed for stays");

        access.revokeRole(OPERATOR, thief);
        ISettlement.Group[] memory groups = _group(asset, _item(license, 6e6, 6e6));
        bytes memory signature = _signed(groups, keccak256("root"), OPERATOR_KEY);
        bytes32 head = settlement.usageHead();
        vm.expectRevert(abi.encodeWithSelector(ISettlement.NotOperator.selector, thief));
        settlement.redeem(head, keccak256("root"), "usage.jsonl", groups, signature);
    }

    /// Whoever buys from themselves, at any price and by any number of charges, loses the fee.
    function test_self_dealing_costs_the_fee(uint64 seed) public {
        uint128 total = 0;
        _fund(author);
        uint256 terms = _offer(asset, TermsKind.METERED, 0);
        vm.prank(author);
        uint256 own = licenses.buyAndOpen(terms, session, 0, DEPOSIT);
        for (uint256 i = 0; i < 5; i++) {
            total += uint128(within(seed >> (i * 8), 1, 4e6));
            _redeem(asset, _item(own, total, total));
            settlement.claim(_two(asset << 64, asset << 64 | 1));
        }
        uint256 back = settlement.paidOf(asset << 64) + settlement.paidOf(asset << 64 | 1);
        atMost(back, total - uint256(total) * 250 / 10_000, "what comes back");
    }

    function test_a_taken_down_asset_is_neither_sold_nor_used_and_pays_what_it_earned() public {
        _redeem(asset, _item(license, 5e6, 5e6));
        vm.prank(guardian);
        registry.setFrozen(asset, true);
        holds(!licenses.isValid(license, holder, asset), "no use");
        same(settlement.claim(_one(asset << 64)), 4_875_000 * 7 / 10, "claimed");
    }

    /// Pitfall 11: nothing signed for becomes uncollectable by the passing of time.
    function test_a_voucher_does_not_age(uint64 time) public {
        ISettlement.Item memory item = _item(license, 5e6, 5e6);
        vm.warp(block.timestamp + within(time, 1, 3650 days));
        same(_redeem(asset, item), 5e6, "charged");
    }
}
