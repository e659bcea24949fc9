// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";
import {TermsKind} from "../src/interfaces/ILicenses.sol";
import {ISettlement, Permit} from "../src/interfaces/ISettlement.sol";
import {Settlement} from "../src/Settlement.sol";
import {Stage} from "./base/Stage.sol";
import {vm} from "./base/Vm.sol";

contract EscrowTest is Stage {
    uint128 private constant DEPOSIT = 20e6;
    uint256 private asset;
    uint256 private license;

    function setUp() public override {
        super.setUp();
        asset = _anAsset();
        license = _metered(asset, DEPOSIT);
    }

    function _channel() private view returns (ISettlement.Channel memory) {
        return settlement.getChannel(license, 0);
    }

    function test_a_channel_opens_with_its_license_series_and_signer() public view {
        ISettlement.Channel memory channel = _channel();
        same(channel.deposited, DEPOSIT, "deposited");
        same(channel.redeemed, 0, "redeemed");
        same(channel.signer, session, "signer");
        same(channel.series, asset, "series");
        same(channel.payer, holder, "payer");
        same(channel.thawEnd, 0, "not thawing");
        same(currency.balanceOf(address(settlement)), DEPOSIT, "held");
    }

    function test_only_the_holder_opens_and_only_once() public {
        uint256 other = licenses.licenseCount() + 1;
        uint256 terms = _offer(asset, TermsKind.METERED, 0);
        vm.prank(holder);
        licenses.buy(terms, holder, session, 0);
        _fund(stranger);
        vm.expectRevert(abi.encodeWithSelector(ISettlement.NotHolder.selector, other, holder, stranger));
        vm.prank(stranger);
        settlement.open(other, 1);
        vm.startPrank(holder);
        vm.expectRevert(ISettlement.ZeroAmount.selector);
        settlement.open(other, 0);
        settlement.open(other, 1);
        vm.expectRevert(abi.encodeWithSelector(ISettlement.ChannelIsOpen.selector, other, 0));
        settlement.open(other, 1);
    }

    function test_only_metered_licenses_with_a_signer_have_channels() public {
        uint256 paid = _offer(asset, TermsKind.TIME, 0);
        uint256 metered = _offer(asset, TermsKind.METERED, 0);
        vm.startPrank(holder);
        uint256 timed = licenses.buy(paid, holder, session, 0);
        vm.expectRevert(abi.encodeWithSelector(ISettlement.NotMetered.selector, timed));
        settlement.open(timed, 1);
        uint256 unsigned = licenses.buy(metered, holder, address(0), 0);
        vm.expectRevert(abi.encodeWithSelector(ISettlement.NoSigner.selector, unsigned));
        settlement.open(unsigned, 1);
        licenses.setSigner(unsigned, session);
        settlement.open(unsigned, 1);
    }

    function test_permits_open_and_top_up() public {
        uint256 terms = _offer(asset, TermsKind.METERED, 0);
        vm.startPrank(holder);
        currency.approve(address(settlement), 0);
        uint256 other = licenses.buy(terms, holder, session, 0);
        settlement.openWithPermit(other, 3e6, _permit(HOLDER_KEY, 3e6));
        settlement.topUpWithPermit(other, 0, 4e6, _permit(HOLDER_KEY, 4e6));
        same(settlement.getChannel(other, 0).deposited, 7e6, "deposited");
        Permit memory spent = _permit(HOLDER_KEY, 4e6);
        spent.deadline = 1;
        vm.expectRevert(
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, address(settlement), 0, 4e6)
        );
        settlement.topUpWithPermit(other, 0, 4e6, spent);
    }

    function test_a_withdrawal_takes_the_delay_and_no_longer() public {
        vm.startPrank(holder);
        settlement.requestWithdraw(license, 0, 8e6);
        uint64 end = uint64(block.timestamp) + DELAY;
        vm.warp(end - 1);
        vm.expectRevert(abi.encodeWithSelector(ISettlement.StillThawing.selector, end, end - 1));
        settlement.withdraw(license, 0);
        vm.warp(end);
        uint256 before = currency.balanceOf(holder);
        same(settlement.withdraw(license, 0), 8e6, "withdrawn");
        same(currency.balanceOf(holder) - before, 8e6, "received");
        same(_channel().deposited, DEPOSIT - 8e6, "left");
        vm.expectRevert(abi.encodeWithSelector(ISettlement.NothingThawing.selector, license, 0));
        settlement.withdraw(license, 0);
    }

    function test_a_second_request_replaces_the_first_and_starts_anew() public {
        vm.startPrank(holder);
        settlement.requestWithdraw(license, 0, 8e6);
        vm.warp(block.timestamp + DELAY - 1);
        settlement.requestWithdraw(license, 0, 9e6);
        vm.warp(block.timestamp + 1);
        vm.expectRevert();
        settlement.withdraw(license, 0);
        vm.warp(block.timestamp + DELAY);
        same(settlement.withdraw(license, 0), 9e6, "the second");
    }

    function test_a_cancelled_withdrawal_is_no_withdrawal() public {
        vm.startPrank(holder);
        settlement.requestWithdraw(license, 0, DEPOSIT);
        settlement.cancelWithdraw(license, 0);
        same(_channel().thawing, 0, "not thawing");
        vm.warp(block.timestamp + DELAY);
        vm.expectRevert(abi.encodeWithSelector(ISettlement.NothingThawing.selector, license, 0));
        settlement.withdraw(license, 0);
    }

    function test_no_more_is_withdrawn_than_is_left() public {
        vm.startPrank(holder);
        vm.expectRevert(abi.encodeWithSelector(ISettlement.MoreThanIsLeft.selector, DEPOSIT + 1, DEPOSIT));
        settlement.requestWithdraw(license, 0, DEPOSIT + 1);
        vm.expectRevert(ISettlement.ZeroAmount.selector);
        settlement.requestWithdraw(license, 0, 0);
    }

    function test_what_was_signed_for_is_charged_before_a_withdrawal_ends() public {
        vm.prank(holder);
        settlement.requestWithdraw(license, 0, DEPOSIT);
        vm.warp(block.timestamp + DELAY - 1);
        same(_redeem(asset, _item(license, 15e6, 15e6)), 15e6, "charged");
        same(_channel().thawing, 5e6, "less is thawing");
        vm.warp(block.timestamp + 1);
        vm.prank(holder);
        same(settlement.withdraw(license, 0), 5e6, "the rest");
    }

    function test_a_top_up_after_a_charge_does_not_thaw_with_the_old_money() public {
        vm.prank(holder);
        settlement.requestWithdraw(license, 0, DEPOSIT);
        _redeem(asset, _item(license, DEPOSIT, DEPOSIT));
        vm.startPrank(holder);
        settlement.topUp(license, 0, 5e6);
        same(_channel().thawing, 0, "nothing thaws");
        vm.warp(block.timestamp + DELAY);
        same(settlement.withdraw(license, 0), 0, "nothing to withdraw");
        same(_channel().deposited - _channel().redeemed, 5e6, "spendable");
    }

    function test_a_top_up_leaves_a_running_withdrawal_as_it_is() public {
        vm.startPrank(holder);
        settlement.requestWithdraw(license, 0, 8e6);
        uint64 end = _channel().thawEnd;
        vm.warp(block.timestamp + 1 hours);
        settlement.topUp(license, 0, 5e6);
        same(_channel().thawEnd, end, "date");
        same(_channel().thawing, 8e6, "amount");
        vm.expectRevert(ISettlement.ZeroAmount.selector);
        settlement.topUp(license, 0, 0);
    }

    function test_a_stranger_changes_nothing_in_a_channel() public {
        vm.prank(holder);
        settlement.requestWithdraw(license, 0, 8e6);
        _fund(stranger);
        bytes32 before = keccak256(abi.encode(_channel()));
        bytes memory refused = abi.encodeWithSelector(ISettlement.NotPayer.selector, license, 0, holder, stranger);
        vm.warp(block.timestamp + DELAY);
        vm.startPrank(stranger);
        vm.expectRevert(refused);
        settlement.topUp(license, 0, 1);
        vm.expectRevert(refused);
        settlement.requestWithdraw(license, 0, 1);
        vm.expectRevert(refused);
        settlement.cancelWithdraw(license, 0);
        vm.expectRevert(refused);
        settlement.withdraw(license, 0);
        bytes memory onlyLicenses = abi.encodeWithSelector(ISettlement.OnlyLicenses.selector, stranger);
        vm.expectRevert(onlyLicenses);
        settlement.openFor(holder, license, 1);
        vm.expectRevert(onlyLicenses);
        settlement.changeSigner(license, 0, stranger);
        vm.expectRevert(onlyLicenses);
        settlement.recordSale(holder, asset, 1);
        same(keccak256(abi.encode(_channel())), before, "the channel");
    }

    function test_a_channel_stays_with_the_seller_and_the_buyer_opens_another() public {
        vm.prank(holder);
        licenses.transferFrom(holder, stranger, license);
        _fund(stranger);
        uint256 other = 0x07E4;
        vm.startPrank(stranger);
        licenses.setSigner(license, vm.addr(other));
        settlement.open(license, 7e6);
        vm.stopPrank();
        // The seller's voucher, and the same signature presented for the buyer's epoch.
        ISettlement.Item memory old = _item(license, 4e6, 4e6);
        same(_redeem(asset, old), 4e6, "the seller's own use");
        old.epoch = 1;
        same(_redeem(asset, old), 0, "not the buyer's money");
        same(_redeem(asset, _item(license, 1, 4e6, 4e6, SESSION_KEY)), 0, "nor signed anew");
        same(_redeem(asset, _item(license, 1, 6e6, 6e6, other)), 6e6, "the buyer's own use");
        same(_channel().signer, session, "the seller's signer is kept");
        vm.startPrank(holder);
        settlement.requestWithdraw(license, 0, DEPOSIT - 4e6);
        vm.warp(block.timestamp + DELAY);
        same(settlement.withdraw(license, 0), DEPOSIT - 4e6, "the seller's rest");
    }

    function test_a_pause_stops_deposits_and_never_the_way_out() public {
        vm.prank(holder);
        settlement.requestWithdraw(license, 0, 8e6);
        uint256 terms = _offer(asset, TermsKind.METERED, 0);
        vm.prank(holder);
        uint256 other = licenses.buy(terms, holder, session, 0);
        vm.prank(guardian);
        settlement.pause();
        vm.startPrank(holder);
        vm.expectRevert(Pausable.EnforcedPause.selector);
        settlement.topUp(license, 0, 1);
        vm.expectRevert(Pausable.EnforcedPause.selector);
        settlement.open(other, 1);
        vm.stopPrank();
        same(_redeem(asset, _item(license, 1e6, 1e6)), 1e6, "charged");
        same(settlement.claim(_two(asset << 64, asset << 64 | 1)), 975_000, "claimed");
        same(settlement.claimFee(_one(asset)), 25_000, "fee");
        vm.warp(block.timestamp + DELAY);
        vm.startPrank(holder);
        same(settlement.withdraw(license, 0), 8e6, "withdrawn");
        settlement.requestWithdraw(license, 0, 1e6);
        settlement.cancelWithdraw(license, 0);
        licenses.setSigner(license, stranger);
    }

    function test_the_delay_has_limits() public {
        vm.expectRevert(abi.encodeWithSelector(ISettlement.DelayOutOfRange.selector, 899, 900, 30 days));
        new Settlement(address(access), currency, registry, treasury, 899);
        vm.expectRevert(abi.encodeWithSelector(ISettlement.DelayOutOfRange.selector, 30 days + 1, 900, 30 days));
        new Settlement(address(access), currency, registry, treasury, 30 days + 1);
    }
}
