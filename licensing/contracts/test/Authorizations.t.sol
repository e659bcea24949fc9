// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";
import {ILicenses, TermsKind} from "../src/interfaces/ILicenses.sol";
import {Authorization, ISettlement} from "../src/interfaces/ISettlement.sol";
import {TestCurrency} from "../src/TestCurrency.sol";
import {Stage} from "./base/Stage.sol";
import {vm} from "./base/Vm.sol";

/// @dev Payments by ERC-3009, sent by somebody who pays the gas and can change nothing.
contract AuthorizationsTest is Stage {
    bytes32 private constant SALT = keccak256("salt");
    uint256 private asset;
    uint256 private metered;

    function setUp() public override {
        super.setUp();
        asset = _anAsset();
        metered = _offer(asset, TermsKind.METERED, PRICE);
        vm.prank(holder);
        currency.approve(address(settlement), 0);
    }

    function _order(uint256 terms, address signer, uint128 deposit, uint256 value)
        private
        view
        returns (Authorization memory)
    {
        return _authorization(HOLDER_KEY, value, SALT, licenses.buyNonce(terms, holder, signer, deposit, SALT));
    }

    function _buy(uint256 terms, address signer, uint128 deposit, Authorization memory authorization)
        private
        returns (uint256)
    {
        vm.prank(relayer);
        return licenses.buyWithAuthorization(terms, holder, signer, deposit, authorization);
    }

    function _nothingIsLeftOver() private {
        vm.expectRevert();
        vm.prank(holder);
        settlement.topUp(1, 0, 1);
        uint256 owed = settlement.getChannel(1, 0).deposited + settlement.grossOf(asset);
        same(currency.balanceOf(address(settlement)), owed, "held is owed");
    }

    function test_a_buyer_without_gas_buys_and_deposits_by_one_signature() public {
        uint256 before = currency.balanceOf(holder);
        uint256 license = _buy(metered, session, 3e6, _order(metered, session, 3e6, PRICE + 3e6));
        same(licenses.ownerOf(license), holder, "holder");
        same(licenses.getLicense(license).voucherSigner, session, "signer");
        same(settlement.getChannel(license, 0).payer, holder, "payer");
        same(settlement.getChannel(license, 0).deposited, 3e6, "deposited");
        same(settlement.grossOf(asset), PRICE, "price");
        same(before - currency.balanceOf(holder), PRICE + 3e6, "paid once");
        _nothingIsLeftOver();
    }

    function test_without_a_deposit_it_is_a_plain_purchase() public {
        uint256 license = _buy(metered, session, 0, _order(metered, session, 0, PRICE));
        same(settlement.getChannel(license, 0).payer, address(0), "no channel");
        _nothingIsLeftOver();
    }

    function test_a_free_license_needs_the_signature_all_the_same() public {
        uint256 free = _offer(asset, TermsKind.FULL, 0);
        Authorization memory authorization = _order(free, session, 0, 0);
        vm.expectRevert();
        _buy(free, stranger, 0, authorization);
        same(licenses.ownerOf(_buy(free, session, 0, authorization)), holder, "holder");
    }

    function test_who_sends_an_order_can_change_nothing_in_it() public {
        uint256 other = _offer(asset, TermsKind.METERED, PRICE);
        Authorization memory authorization = _order(metered, session, 3e6, PRICE + 3e6);
        vm.expectRevert();
        _buy(other, session, 3e6, authorization);
        vm.expectRevert();
        _buy(metered, stranger, 3e6, authorization);
        vm.expectRevert();
        _buy(metered, session, 3e6 + 1, authorization);
        vm.expectRevert();
        licenses.buyWithAuthorization(metered, stranger, session, 3e6, authorization);
        authorization.salt = keccak256("another");
        vm.expectRevert();
        _buy(metered, session, 3e6, authorization);
    }

    function test_an_order_is_filled_once() public {
        Authorization memory authorization = _order(metered, session, 3e6, PRICE + 3e6);
        _buy(metered, session, 3e6, authorization);
        bytes32 nonce = licenses.buyNonce(metered, holder, session, 3e6, SALT);
        holds(currency.authorizationState(holder, nonce), "used");
        vm.expectRevert(abi.encodeWithSelector(TestCurrency.AuthorizationIsUsed.selector, holder, nonce));
        _buy(metered, session, 3e6, authorization);
    }

    function test_an_order_is_good_for_its_time_only() public {
        Authorization memory authorization = _order(metered, session, 0, PRICE);
        vm.warp(authorization.validBefore);
        vm.expectRevert(
            abi.encodeWithSelector(
                TestCurrency.AuthorizationExpired.selector, authorization.validBefore, authorization.validBefore
            )
        );
        _buy(metered, session, 0, authorization);
        vm.warp(authorization.validBefore - 1);
        _buy(metered, session, 0, authorization);
    }

    function test_nobody_takes_the_payment_past_the_settlement() public {
        Authorization memory a = _order(metered, session, 0, PRICE);
        bytes32 nonce = licenses.buyNonce(metered, holder, session, 0, SALT);
        vm.expectRevert(abi.encodeWithSelector(TestCurrency.NotThePayee.selector, address(settlement), stranger));
        vm.prank(stranger);
        currency.receiveWithAuthorization(
            holder, address(settlement), PRICE, a.validAfter, a.validBefore, nonce, a.v, a.r, a.s
        );
        vm.expectRevert(abi.encodeWithSelector(ISettlement.OnlyLicenses.selector, stranger));
        vm.prank(stranger);
        settlement.receiveFor(holder, PRICE, nonce, a);
    }

    function test_a_renewal_extends_what_was_meant_and_once() public {
        uint256 terms = _offer(asset, TermsKind.TIME, PRICE);
        uint256 license = _buy(terms, address(0), 0, _order(terms, address(0), 0, PRICE));
        uint64 end = licenses.expiresAt(license);
        Authorization memory authorization =
            _authorization(HOLDER_KEY, PRICE, SALT, licenses.renewNonce(license, end, SALT));
        vm.prank(relayer);
        same(licenses.renewWithAuthorization(license, holder, authorization), end + MONTH, "renewed");
        vm.expectRevert();
        licenses.renewWithAuthorization(license, holder, authorization);
        same(settlement.grossOf(asset), 2 * PRICE, "paid twice in all");
        _nothingIsLeftOver();
    }

    function test_a_channel_is_opened_and_filled_by_signatures() public {
        uint256 license = _buy(metered, session, 0, _order(metered, session, 0, PRICE));
        Authorization memory first = _authorization(HOLDER_KEY, 2e6, SALT, settlement.openNonce(license, 0, SALT));
        vm.expectRevert();
        settlement.openWithAuthorization(license, 2e6 + 1, first);
        vm.prank(relayer);
        settlement.openWithAuthorization(license, 2e6, first);
        Authorization memory more = _authorization(HOLDER_KEY, 1e6, SALT, settlement.topUpNonce(license, 0, SALT));
        vm.prank(relayer);
        settlement.topUpWithAuthorization(license, 0, 1e6, more);
        same(settlement.getChannel(license, 0).deposited, 3e6, "deposited");
        vm.expectRevert();
        settlement.topUpWithAuthorization(license, 0, 1e6, more);
        vm.expectRevert(abi.encodeWithSelector(ISettlement.NotPayer.selector, license, 5, address(0), relayer));
        vm.prank(relayer);
        settlement.topUpWithAuthorization(license, 5, 1e6, more);
        _nothingIsLeftOver();
    }

    function test_a_stranger_cannot_fill_anothers_channel_by_a_signature_of_its_own() public {
        uint256 license = _buy(metered, session, 3e6, _order(metered, session, 3e6, PRICE + 3e6));
        _fund(vm.addr(OPERATOR_KEY));
        Authorization memory own = _authorization(OPERATOR_KEY, 1e6, SALT, settlement.topUpNonce(license, 0, SALT));
        vm.expectRevert();
        settlement.topUpWithAuthorization(license, 0, 1e6, own);
    }

    function test_a_pause_stops_orders_and_leaves_them_unused() public {
        Authorization memory authorization = _order(metered, session, 0, PRICE);
        vm.startPrank(guardian);
        licenses.pause();
        vm.stopPrank();
        vm.expectRevert(Pausable.EnforcedPause.selector);
        _buy(metered, session, 0, authorization);
        vm.prank(guardian);
        licenses.unpause();
        _buy(metered, session, 0, authorization);
    }
}
