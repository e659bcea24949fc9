// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {IAssetRegistry} from "../src/interfaces/IAssetRegistry.sol";
import {ISettlement} from "../src/interfaces/ISettlement.sol";
import {TermsKind} from "../src/interfaces/ILicenses.sol";
import {OPERATOR} from "../src/Roles.sol";
import {Stage} from "./base/Stage.sol";
import {vm} from "./base/Vm.sol";

/// @dev Code at a signer's address that refuses everything, as a contract wallet or a delegated account could.
contract Refuses {
    fallback() external payable {
        revert("no");
    }
}

contract RedeemTest is Stage {
    uint128 private constant DEPOSIT = 20e6;
    uint256 private constant ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;
    uint256 private asset;
    uint256 private license;

    function setUp() public override {
        super.setUp();
        asset = _anAsset();
        license = _metered(asset, DEPOSIT);
    }

    function _redeemed() private view returns (uint256) {
        return settlement.getChannel(license, 0).redeemed;
    }

    function _skipped(ISettlement.Item memory item, ISettlement.SkipReason reason) private {
        uint256 before = settlement.getChannel(item.licenseId, item.epoch).redeemed;
        ISettlement.Group[] memory groups = _group(asset, item);
        bytes32 root = keccak256("root");
        bytes32 head = settlement.usageHead();
        bytes memory signature = _signed(groups, root, OPERATOR_KEY);
        vm.expectEmit(address(settlement));
        emit ISettlement.ItemSkipped(item.licenseId, item.epoch, reason, item.claim);
        same(settlement.redeem(head, root, "usage.jsonl", groups, signature), 0, "charged");
        same(settlement.getChannel(item.licenseId, item.epoch).redeemed, before, "as before");
    }

    function test_a_signed_charge_moves_from_the_channel_to_the_asset() public {
        same(_redeem(asset, _item(license, 3e6, 2e6)), 2e6, "charged");
        same(_redeemed(), 2e6, "redeemed");
        same(settlement.grossOf(asset), 2e6, "gross");
        same(currency.balanceOf(address(settlement)), DEPOSIT, "nothing leaves yet");
    }

    function test_the_same_item_pays_once(uint128 first, uint128 second) public {
        first = uint128(within(first, 1, DEPOSIT));
        second = uint128(within(second, 1, DEPOSIT));
        _redeem(asset, _item(license, first, first));
        same(_redeem(asset, _item(license, first, first)), 0, "again");
        uint128 more = second > first ? second - first : 0;
        same(_redeem(asset, _item(license, second, second)), more, "a later voucher pays the difference");
        _skipped(_item(license, first, first), ISettlement.SkipReason.ALREADY_REDEEMED);
    }

    function test_an_item_twice_in_one_batch_pays_once() public {
        ISettlement.Item[] memory items = new ISettlement.Item[](3);
        for (uint256 i = 0; i < 3; i++) {
            items[i] = _item(license, 3e6, 2e6);
        }
        same(_redeem(_group(asset, items, new ISettlement.Line[](0))), 2e6, "in one group");
        ISettlement.Group[] memory groups = new ISettlement.Group[](2);
        groups[0] = _group(asset, _item(license, 3e6, 3e6))[0];
        groups[1] = groups[0];
        same(_redeem(groups), 1e6, "in two groups");
    }

    function test_no_more_is_charged_than_was_signed_for() public {
        _skipped(_item(license, 1e6, 1e6 + 1), ISettlement.SkipReason.CLAIM_ABOVE_CEILING);
    }

    function test_no_more_is_charged_than_was_deposited() public {
        same(_redeem(asset, _item(license, DEPOSIT + 5, DEPOSIT + 5)), DEPOSIT, "in part");
        _skipped(_item(license, DEPOSIT + 5, DEPOSIT + 5), ISettlement.SkipReason.NOTHING_LEFT);
        vm.prank(holder);
        settlement.topUp(license, 0, 10);
        same(_redeem(asset, _item(license, DEPOSIT + 5, DEPOSIT + 5)), 5, "the rest after a top-up");
    }

    function test_items_that_cannot_be_charged_are_named_and_skipped() public {
        _skipped(_item(99, 1, 1), ISettlement.SkipReason.NO_CHANNEL);
        _skipped(_item(license, 1, 1, 1, SESSION_KEY), ISettlement.SkipReason.NO_CHANNEL);
        uint256 other = _anAsset();
        _skipped(_item(_metered(other, 1e6), 1, 1), ISettlement.SkipReason.OTHER_SERIES);
        _skipped(_item(license, 0, 1, 1, OPERATOR_KEY), ISettlement.SkipReason.BAD_SIGNATURE);
        _skipped(_item(license, 0, 1, 1, HOLDER_KEY), ISettlement.SkipReason.BAD_SIGNATURE);
    }

    function test_changing_any_signed_field_voids_the_signature() public {
        uint256 twin = _metered(asset, DEPOSIT);
        ISettlement.Item memory item = _item(license, 3e6, 2e6);
        item.licenseId = twin;
        _skipped(item, ISettlement.SkipReason.BAD_SIGNATURE);
        item = _item(license, 3e6, 2e6);
        item.ceiling++;
        _skipped(item, ISettlement.SkipReason.BAD_SIGNATURE);
    }

    function test_a_broken_signature_is_skipped(bytes32 r, bytes32 vs) public {
        ISettlement.Item memory item = _item(license, 3e6, 2e6);
        vm.assume(r != item.r || vs != item.vs);
        (item.r, item.vs) = (r, vs);
        _skipped(item, ISettlement.SkipReason.BAD_SIGNATURE);
        (item.r, item.vs) = (0, 0);
        _skipped(item, ISettlement.SkipReason.BAD_SIGNATURE);
    }

    function test_nobody_signs_for_a_license_whose_signer_is_nobody() public {
        vm.prank(holder);
        licenses.setSigner(license, address(0));
        vm.warp(block.timestamp + DELAY);
        ISettlement.Item memory item = _item(license, 3e6, 2e6);
        (item.r, item.vs) = (bytes32(uint256(1)), 0);
        _skipped(item, ISettlement.SkipReason.BAD_SIGNATURE);
    }

    function test_one_bad_item_of_many_does_not_stop_the_rest() public {
        ISettlement.Item[] memory items = new ISettlement.Item[](20);
        for (uint256 i = 0; i < 20; i++) {
            items[i] = _item(_metered(asset, 1e6), 1e6, 1e6);
        }
        items[7].r = bytes32(0);
        same(_redeem(_group(asset, items, new ISettlement.Line[](0))), 19e6, "nineteen paid");
        same(settlement.getChannel(items[7].licenseId, 0).redeemed, 0, "one not");
    }

    function test_code_at_the_signer_or_the_payer_cannot_refuse_a_charge() public {
        ISettlement.Item memory item = _item(license, 3e6, 2e6);
        address refuses = address(new Refuses());
        vm.etch(session, refuses.code);
        vm.etch(holder, abi.encodePacked(hex"ef0100", refuses));
        same(_redeem(asset, item), 2e6, "charged");
    }

    function test_use_before_expiry_and_freeze_is_charged_after_them() public {
        vm.prank(guardian);
        registry.setFrozen(asset, true);
        vm.warp(block.timestamp + 1000 days);
        same(_redeem(asset, _item(license, 3e6, 2e6)), 2e6, "charged");
        same(settlement.claim(_two(asset << 64, asset << 64 | 1)), 1_950_000, "claimed");
    }

    function test_a_later_version_of_the_series_is_charged_on_the_same_license() public {
        uint256 next = _register(asset, 0, _none());
        same(_redeem(next, _item(license, 3e6, 2e6)), 2e6, "charged");
        same(settlement.grossOf(next), 2e6, "credited to the version used");
        same(settlement.grossOf(asset), 0, "and not to the other");
    }

    function test_a_former_signer_is_good_for_the_delay_however_often_it_changes(uint8 changes) public {
        uint256 times = within(changes, 1, 5);
        vm.startPrank(holder);
        for (uint256 i = 1; i <= times; i++) {
            licenses.setSigner(license, vm.addr(SESSION_KEY + i));
        }
        vm.stopPrank();
        same(_redeem(asset, _item(license, 0, 1e6, 1e6, SESSION_KEY + times)), 1e6, "the present one");
        vm.warp(block.timestamp + DELAY - 1);
        for (uint256 i = 0; i < times; i++) {
            uint128 total = uint128(2e6 + i);
            same(_redeem(asset, _item(license, 0, total, total, SESSION_KEY + i)), i == 0 ? 1e6 : 1, "a former");
        }
        vm.warp(block.timestamp + 1);
        _skipped(_item(license, 3e6, 3e6), ISettlement.SkipReason.BAD_SIGNATURE);
        same(_redeem(asset, _item(license, 0, 4e6, 4e6, SESSION_KEY + times)), 4e6 - 2e6 - times + 1, "the present");
    }

    function test_a_signer_that_comes_back_is_no_former_one() public {
        vm.startPrank(holder);
        licenses.setSigner(license, stranger);
        licenses.setSigner(license, session);
        vm.stopPrank();
        vm.warp(block.timestamp + 2 * DELAY);
        same(_redeem(asset, _item(license, 3e6, 2e6)), 2e6, "charged");
    }

    // Batches

    function test_only_an_operator_signs_batches_and_anyone_sends_them() public {
        ISettlement.Group[] memory groups = _group(asset, _item(license, 3e6, 2e6));
        bytes memory forged = _signed(groups, "root", HOLDER_KEY);
        vm.expectRevert(abi.encodeWithSelector(ISettlement.NotOperator.selector, holder));
        settlement.redeem(0, "root", "usage.jsonl", groups, forged);
        bytes memory signature = _signed(groups, "root", OPERATOR_KEY);
        vm.prank(stranger);
        same(settlement.redeem(0, "root", "usage.jsonl", groups, signature), 2e6, "charged");
    }

    function test_a_dismissed_operator_signs_no_more() public {
        ISettlement.Group[] memory groups = _group(asset, _item(license, 3e6, 2e6));
        bytes memory signature = _signed(groups, "root", OPERATOR_KEY);
        access.revokeRole(OPERATOR, vm.addr(OPERATOR_KEY));
        vm.expectRevert(abi.encodeWithSelector(ISettlement.NotOperator.selector, vm.addr(OPERATOR_KEY)));
        settlement.redeem(0, "root", "usage.jsonl", groups, signature);
    }

    function test_no_bit_of_a_batch_can_be_turned(uint256 place) public {
        ISettlement.Group[] memory groups = _group(asset, _item(license, 3e6, 2e6));
        bytes memory call = abi.encodeCall(
            ISettlement.redeem, (0, "root", "usage.jsonl", groups, _signed(groups, "root", OPERATOR_KEY))
        );
        place = within(place, 32, call.length * 8 - 1);
        call[place / 8] = bytes1(uint8(call[place / 8]) ^ uint8(1 << place % 8));
        (bool accepted,) = address(settlement).call(call);
        // Zeroes that pad an array are not part of the message: turning one of those changes nothing that is signed.
        if (accepted) same(_redeemed(), 2e6, "as signed");
        else same(_redeemed(), 0, "nothing");
    }

    function test_each_batch_builds_on_the_one_before() public {
        same(settlement.usageHead(), bytes32(0), "none yet");
        ISettlement.Group[] memory groups = _group(asset, _item(license, 3e6, 2e6));
        bytes memory signature = _signed(groups, "root", OPERATOR_KEY);
        settlement.redeem(0, "root", "usage.jsonl", groups, signature);
        // 24 bytes of the hash, and the batch's number.
        bytes32 head = bytes32(bytes24(keccak256(abi.encode(bytes32(0), bytes32("root"))))) | bytes32(uint256(1));
        same(settlement.usageHead(), head, "head");
        same(settlement.batchNo(), 1, "number");
        vm.expectRevert(abi.encodeWithSelector(ISettlement.HeadMoved.selector, bytes32(0), head));
        settlement.redeem(0, "root", "usage.jsonl", groups, signature);
    }

    function test_a_batch_may_commit_to_usage_and_charge_nothing() public {
        same(_redeem(new ISettlement.Group[](0)), 0, "charged");
        same(settlement.batchNo(), 1, "number");
        holds(settlement.usageHead() != 0, "head");
    }

    function test_a_malformed_operator_signature_is_refused() public {
        ISettlement.Group[] memory groups = new ISettlement.Group[](0);
        vm.expectRevert(abi.encodeWithSelector(ECDSA.ECDSAInvalidSignatureLength.selector, 64));
        settlement.redeem(0, "root", "", groups, new bytes(64));
        vm.expectRevert(ECDSA.ECDSAInvalidSignature.selector);
        settlement.redeem(0, "root", "", groups, new bytes(65));
    }

    function test_a_mirrored_operator_signature_is_refused() public {
        // With s mirrored and v flipped, plain ecrecover names the same signer. A voucher has no mirror: its form has
        // no room for one.
        ISettlement.Group[] memory groups = new ISettlement.Group[](0);
        bytes32 digest = settlement.batchDigest(0, "root", "", groups);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(OPERATOR_KEY, digest);
        (v, s) = (55 - v, bytes32(ORDER - uint256(s)));
        same(ecrecover(digest, v, r, s), vm.addr(OPERATOR_KEY), "the same signer");
        vm.expectRevert(abi.encodeWithSelector(ECDSA.ECDSAInvalidSignatureS.selector, s));
        settlement.redeem(0, "root", "", groups, abi.encodePacked(r, s, v));
    }

    function test_an_unknown_asset_is_refused() public {
        ISettlement.Group[] memory groups = _group(99, _item(license, 3e6, 2e6));
        bytes memory signature = _signed(groups, "root", OPERATOR_KEY);
        vm.expectRevert(abi.encodeWithSelector(IAssetRegistry.UnknownAsset.selector, 99));
        settlement.redeem(0, "root", "usage.jsonl", groups, signature);
    }

    function test_who_pays_earns_and_operates_at_once_gains_nothing() public {
        // The holder is author, only receipt holder, and operator; someone else's deposit lies beside the holder's.
        access.grantRole(OPERATOR, holder, 0);
        IAssetRegistry.Registration memory registration = _registration(0, 0, _none());
        registration.shares = new IAssetRegistry.Share[](1);
        registration.shares[0].holder = holder;
        registration.shares[0].shareBps = 10_000;
        uint256 before = currency.balanceOf(holder);
        vm.startPrank(holder);
        uint256 own = registry.register(registration);
        vm.stopPrank();
        author = holder;
        uint256 mine = _metered(own, DEPOSIT);
        same(_redeem(own, _item(mine, type(uint128).max, type(uint128).max)), DEPOSIT, "no more than the deposit");
        settlement.claim(_one(own << 64));
        same(before - currency.balanceOf(holder), DEPOSIT / 40, "poorer by the fee");
        same(currency.balanceOf(address(settlement)), DEPOSIT + DEPOSIT / 40, "the other deposit is untouched");
    }

    // The pool

    function test_the_pool_is_divided_by_weight_over_what_was_cited() public {
        uint256 law = _anAsset();
        uint256 news = _anAsset();
        uint256 agent = _register(0, 2500, _two(law, news));
        uint256 mine = _metered(agent, DEPOSIT);
        ISettlement.Item[] memory items = new ISettlement.Item[](1);
        items[0] = _item(mine, 4e6, 4e6);
        ISettlement.Line[] memory lines = new ISettlement.Line[](3);
        lines[0] = ISettlement.Line(law, 3);
        lines[1] = ISettlement.Line(news, 1);
        lines[2] = ISettlement.Line(agent, 1);
        same(_redeem(_group(agent, items, lines)), 4e6, "charged");
        same(settlement.grossOf(law), 600_000, "law");
        same(settlement.grossOf(news), 200_000, "news");
        same(settlement.grossOf(agent), 3e6 + 200_000, "agent");
        same(settlement.poolHeldOf(agent), 0, "held");
    }

    function test_with_nothing_cited_the_pool_goes_to_the_asset() public {
        uint256 agent = _register(0, 2500, _none());
        same(_redeem(agent, _item(_metered(agent, DEPOSIT), 4e6, 4e6)), 4e6, "charged");
        same(settlement.grossOf(agent), 4e6, "all of it");
    }

    function test_what_does_not_divide_is_held_for_the_next_batch() public {
        uint256 law = _anAsset();
        uint256 agent = _register(0, 10_000, _one(law));
        uint256 mine = _metered(agent, DEPOSIT);
        ISettlement.Item[] memory items = new ISettlement.Item[](1);
        ISettlement.Line[] memory lines = new ISettlement.Line[](2);
        lines[0] = ISettlement.Line(law, 1);
        lines[1] = ISettlement.Line(agent, 1);
        items[0] = _item(mine, 3, 3);
        _redeem(_group(agent, items, lines));
        same(settlement.poolHeldOf(agent), 1, "held");
        items[0] = _item(mine, 4, 4);
        _redeem(_group(agent, items, lines));
        same(settlement.poolHeldOf(agent), 0, "divided");
        same(settlement.grossOf(law), 2, "law");
        same(settlement.grossOf(agent), 2, "agent");
    }

    function test_the_pool_pays_declared_dependencies_only() public {
        uint256 law = _anAsset();
        uint256 agent = _register(0, 2500, _none());
        _refuseLine(agent, law, 1, abi.encodeWithSelector(ISettlement.NotADependency.selector, agent, law));
        _refuseLine(agent, agent, 0, abi.encodeWithSelector(ISettlement.NoWeight.selector, agent));
    }

    function _refuseLine(uint256 agent, uint256 payee, uint64 weight, bytes memory refusal) private {
        ISettlement.Item[] memory items = new ISettlement.Item[](1);
        items[0] = _item(_metered(agent, DEPOSIT), 4e6, 4e6);
        ISettlement.Line[] memory lines = new ISettlement.Line[](1);
        lines[0] = ISettlement.Line(payee, weight);
        ISettlement.Group[] memory groups = _group(agent, items, lines);
        bytes memory signature = _signed(groups, "root", OPERATOR_KEY);
        vm.expectRevert(refusal);
        settlement.redeem(0, "root", "usage.jsonl", groups, signature);
    }

    function test_splitting_a_charge_changes_no_fee_and_no_pool(uint128 total, uint8 parts, uint16 poolBps) public {
        total = uint128(within(total, 1, DEPOSIT));
        uint256 count = within(parts, 1, 12);
        uint256 pool = within(poolBps, 0, 10_000);
        uint256 whole = _register(0, uint16(pool), _none());
        uint256 split = _register(0, uint16(pool), _one(whole));
        uint256 sink = _register(0, uint16(pool), _one(whole));
        uint256 first = _metered(split, DEPOSIT);
        uint256 second = _metered(sink, DEPOSIT);
        ISettlement.Item[] memory items = new ISettlement.Item[](1);
        ISettlement.Line[] memory lines = new ISettlement.Line[](1);
        lines[0] = ISettlement.Line(whole, 1);
        for (uint256 i = 1; i <= count; i++) {
            uint128 now_ = uint128(uint256(total) * i / count);
            items[0] = _item(first, now_, now_);
            _redeem(_group(split, items, lines));
        }
        uint256 paidBySplit = settlement.grossOf(whole);
        items[0] = _item(second, total, total);
        _redeem(_group(sink, items, lines));
        same(settlement.grossOf(split), settlement.grossOf(sink), "fixed part");
        same(paidBySplit, settlement.grossOf(whole) - paidBySplit, "pool");
        same(settlement.feeOf(split), settlement.feeOf(sink), "fee");
    }

    function test_a_license_without_a_channel_costs_nothing_however_it_was_paid() public {
        uint256 terms = _offer(asset, TermsKind.TIME, 0);
        vm.prank(holder);
        uint256 timed = licenses.buy(terms, holder, session, 0);
        _skipped(_item(timed, 1, 1), ISettlement.SkipReason.NO_CHANNEL);
    }
}
